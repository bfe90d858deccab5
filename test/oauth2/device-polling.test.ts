// How often a device asks (RFC 8628 section 3.5), on a clock that only the pauses move.
import t from 'tap'
import { oauthError } from '../../lib/errors.js'
import type { OAuthErrorCode, OAuthErrorDetails } from '../../lib/errors.js'
import { poll } from '../../lib/oauth2/device-polling.js'

const refused = (providerError: string) => oauthError('FST_OAUTH_TOKEN_REFUSED', ['token endpoint', 'tv', providerError], undefined, { providerError })
const trouble = (code: OAuthErrorCode, details: OAuthErrorDetails = {}) => oauthError(code, ['tv', 'x'], undefined, details)
const [pending, slow] = [refused('authorization_pending'), refused('slow_down')]

/** Asks until the answers are used up; answers what came of it, and how long each pause was. */
async function run (answers: unknown[], { lifetime = 600_000, interval = 5_000, signal = new AbortController().signal, onPause = () => {} }: { lifetime?: number, interval?: number, signal?: AbortSignal, onPause?: (count: number) => void } = {}) {
  const pauses: number[] = []
  let [now, asked] = [1_000, 0]
  const ask = async () => {
    const answer = answers[asked++]
    if (answer instanceof Error) throw answer
    return answer
  }
  const sleep = async (ms: number) => {
    pauses.push(ms)
    now += ms
    onPause(pauses.length)
    signal.throwIfAborted()
  }
  const outcome = await poll({ provider: 'tv', ask, interval, expiresAt: now + lifetime, clock: () => now, signal, sleep }).catch((error: unknown) => error)
  return { outcome, pauses, asked }
}

t.test('keeps to the interval while the user has not finished', async (t) => {
  t.strictSame(await run([pending, pending, 'tokens']), { outcome: 'tokens', pauses: [5_000, 5_000, 5_000], asked: 3 })
  t.strictSame(await run(['tokens'], { interval: 20 }), { outcome: 'tokens', pauses: [20], asked: 1 })
})

t.test('is five seconds slower for good, each time that it is told so', async (t) => {
  t.match(await run([slow, pending, slow, pending, 'tokens']), { outcome: 'tokens', pauses: [5_000, 10_000, 10_000, 15_000, 15_000] })
})

t.test('waits twice as long each time where nothing answers, a minute at most, and as before once it does', async (t) => {
  const down = trouble('FST_OAUTH_PROVIDER_UNREACHABLE', { retryAfter: 5 })
  t.match(await run([pending, down, down, down, down, down, pending, 'tokens']), { outcome: 'tokens', pauses: [5_000, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 5_000] })
  for (const code of ['FST_OAUTH_PROVIDER_TIMEOUT', 'FST_OAUTH_DISCOVERY_FAILED', 'FST_OAUTH_PROVIDER_UNAVAILABLE'] as const) {
    t.match(await run([trouble(code), 'tokens']), { outcome: 'tokens', pauses: [5_000, 10_000] })
  }
  t.match(await run([down, 'tokens'], { interval: 90_000 }), { outcome: 'tokens', pauses: [90_000, 90_000] }, 'but never less than it did')
})

t.test('waits as long as the provider says', async (t) => {
  const busy = (retryAfter: number) => trouble('FST_OAUTH_PROVIDER_UNAVAILABLE', { retryAfter, retryDemanded: true })
  t.match(await run([busy(120), busy(1), pending, 'tokens']), { outcome: 'tokens', pauses: [5_000, 120_000, 120_000, 5_000] })
})

t.test('ends with what the provider says of the login', async (t) => {
  for (const [answer, expected] of [
    [refused('access_denied'), { code: 'FST_OAUTH_ACCESS_DENIED', statusCode: 403, providerError: 'access_denied' }],
    [refused('authorization_declined'), { code: 'FST_OAUTH_ACCESS_DENIED', providerError: 'authorization_declined' }],
    [refused('expired_token'), { code: 'FST_OAUTH_DEVICE_CODE_EXPIRED', statusCode: 400, providerError: 'expired_token' }],
    [refused('invalid_client'), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_client' }],
    [trouble('FST_OAUTH_INVALID_PROVIDER_ANSWER'), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
    [new RangeError('of a program'), { message: 'of a program' }]
  ] as const) {
    t.match(await run([pending, answer, 'tokens']), { outcome: expected, asked: 2 })
  }
})

t.test('asks no more once the code has expired', async (t) => {
  t.match(await run([pending, pending, pending, pending, 'tokens'], { lifetime: 20_000 }), { outcome: { code: 'FST_OAUTH_DEVICE_CODE_EXPIRED', providerError: undefined }, pauses: [5_000, 5_000, 5_000], asked: 3 })
})

t.test('ends when it is told to, without another question', async (t) => {
  const controller = new AbortController()
  const reason = new Error('of the caller')
  const ended = await run([pending, pending, 'tokens'], { signal: controller.signal, onPause: count => { if (count === 2) controller.abort(reason) } })
  t.strictSame(ended, { outcome: reason, pauses: [5_000, 5_000], asked: 1 })
  t.strictSame(await run(['tokens'], { signal: controller.signal }), { outcome: reason, pauses: [], asked: 0 })
})

t.test('waits by a timer that ends with the signal', async (t) => {
  const options = { provider: 'tv', expiresAt: Date.now() + 2 ** 40, clock: Date.now }
  t.equal(await poll({ ...options, ask: async () => 'tokens', interval: 5, signal: new AbortController().signal }), 'tokens')
  const signal = AbortSignal.timeout(20)
  await t.rejects(poll({ ...options, ask: async () => 'tokens', interval: 2 ** 35, signal }), { name: 'TimeoutError' }, 'also one that is longer than timers are')
})
