import t from 'tap'
import { bearerChallengeOf } from '../../lib/http/challenge-header.js'

const nothing = { error: undefined, scope: [], acr: [], maxAge: undefined }

t.test('what a bearer challenge says', async (t) => {
  const told: Array<[string | string[] | undefined, object | undefined]> = [
    [undefined, undefined],
    ['', undefined],
    ['Basic realm="x"', undefined],
    ['Basic YWJj', undefined],
    ['Basic realm="Bearer error=\\"insufficient_scope\\""', undefined],
    ['Bearer', nothing],
    ['Bearer realm="x"', nothing],
    ['Bearer error="insufficient_scope", scope="read write"', { error: 'insufficient_scope', scope: ['read', 'write'] }],
    ['bearer ERROR=insufficient_scope , scope = "read  read"', { error: 'insufficient_scope', scope: ['read'] }],
    ['Bearer realm="a, b=\\"c\\"", error="insufficient_scope"', { error: 'insufficient_scope' }],
    ['Basic realm="x", Bearer error="insufficient_scope"', { error: 'insufficient_scope' }],
    ['Negotiate YWJj==, DPoP algs="ES256", error="insufficient_scope", Basic error="other"', { error: 'insufficient_scope' }],
    [['Basic realm="x"', 'Bearer error="insufficient_scope"'], { error: 'insufficient_scope' }],
    ['Bearer error="one", error="two"', { error: 'one' }],
    ['Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age="300"', { error: 'insufficient_user_authentication', acr: ['gold', 'silver'], maxAge: 300 }],
    ['Bearer max_age=5', { maxAge: 5 }],
    ['Bearer max_age="-5"', nothing],
    ['Bearer max_age="99999999999"', nothing],
    ['Bearer error="insufficient_scope", scope="a\u0000b \u00e9 c\\\\d ok"', { error: 'insufficient_scope', scope: ['ok'] }],
    ['Bearer error="unclosed', nothing],
    ['=', undefined],
    ['Bearer scope="https://api.example/auth/drive.readonly"', { scope: ['https://api.example/auth/drive.readonly'] }]
  ]
  for (const [header, expected] of told) t.strictSame(bearerChallengeOf(header), expected === undefined ? undefined : { ...nothing, ...expected }, String(header))
})

t.test('what has no end is cut', async (t) => {
  const many = Array.from({ length: 200 }, (_, index) => `s${index}`).join(' ')
  t.equal(bearerChallengeOf(`Bearer scope="${many}"`)?.scope.length, 64)
  t.strictSame(bearerChallengeOf(`Bearer scope="${'x'.repeat(201)} y"`)?.scope, ['y'])
  t.strictSame(bearerChallengeOf(`Bearer ${Array.from({ length: 60 }, (_, index) => `p${index}=1`).join(', ')}, error="late"`), nothing)
  t.equal(bearerChallengeOf(`${' '.repeat(5_000)}Bearer error="late"`), undefined)
})

t.test('A37: it costs in proportion to its size', async (t) => {
  for (const part of [' ', ',', '"', '\\"', 'a=', 'a="', 'Bearer ', 'a=b,', '=', 'Bearer a', '\\']) {
    const text = `Bearer error="${part.repeat(1_000_000)}`
    const { user } = process.cpuUsage()
    bearerChallengeOf(text)
    bearerChallengeOf(part.repeat(1_000_000))
    t.ok(process.cpuUsage().user - user < 500_000, JSON.stringify(part))
  }
})
