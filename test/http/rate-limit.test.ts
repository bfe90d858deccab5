// Limits of which providers tell in headers of their own.
import t from 'tap'
import { withRateLimit } from '../../lib/http/rate-limit.js'
import type { Answer } from '../../lib/http/transport.js'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'

const now = 1_700_000_000_000
const call = { method: 'GET', headers: {} }
const ask = async (limit: Parameters<typeof withRateLimit>[1], answer: Partial<Answer>) => {
  const transport = withRateLimit(async () => ({ status: 429, headers: {}, text: '', ...answer }), limit, () => now)
  return (await transport(new URL('https://api.example/me'), call)).pause
}

t.test('when it ends, in each unit', async (t) => {
  t.equal(await ask({ reset: 'x-reset', unit: 'seconds' }, { headers: { 'x-reset': '30' } }), 30)
  t.equal(await ask({ reset: 'x-reset', unit: 'seconds' }, { headers: { 'x-reset': ['30'] } }), 30)
  t.equal(await ask({ reset: 'x-reset', unit: 'epoch' }, { headers: { 'x-reset': '1700000030' } }), 30)
  t.equal(await ask({ reset: 'x-reset', unit: 'date' }, { headers: { 'x-reset': '2023-11-14T22:13:50Z' } }), 30)
  for (const unit of ['seconds', 'epoch', 'date'] as const) {
    t.ok(Number.isNaN(await ask({ reset: 'x-reset', unit }, {})), `${unit}, without the header`)
    t.ok(Number.isNaN(await ask({ reset: 'x-reset', unit }, { headers: { 'x-reset': 'soon' } })), `${unit}, not readable`)
  }
})

t.test('what is a limit, and what is not', async (t) => {
  const limit = { reset: 'x-reset', unit: 'seconds', remaining: 'x-remaining' } as const
  const headers = { 'x-reset': '30', 'x-remaining': '0' }

  t.equal(await ask(limit, { status: 403, headers }), 30)
  t.equal(await ask(limit, { status: 429, headers: { 'x-reset': '30' } }), 30)
  t.equal(await ask(limit, { status: 403, headers: { ...headers, 'x-remaining': '5' } }), undefined, 'a 403 that refuses something else')
  t.equal(await ask({ reset: 'x-reset', unit: 'seconds' }, { status: 403, headers }), undefined, 'a 403 where none means that')
  t.equal(await ask(limit, { status: 200, headers }), undefined, 'the last that was allowed')
  t.equal(await ask(limit, { status: 503, headers }), undefined, 'what failed otherwise did not fail by it')
  t.equal(await ask(undefined, { headers }), undefined)
})

t.test('a login and a profile end with the time, and Retry-After counts first', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo`, quirks: { rateLimit: { reset: 'x-reset', unit: 'seconds', remaining: 'x-remaining' } } }))
  const grant = grantOf(await login())
  const answers: Array<[number, Record<string, string>, number]> = [
    [403, { 'x-reset': '30', 'x-remaining': '0' }, 30],
    [429, { 'x-reset': '29.2' }, 30],
    [429, { 'x-reset': '30', 'retry-after': '7' }, 7],
    [429, { 'x-reset': '-3' }, 1],
    [429, { 'x-reset': '90000' }, 3_600],
    [429, { 'x-reset': 'soon' }, 5],
    [403, { 'x-remaining': '0' }, 5]
  ]
  for (const [status, headers, retryAfter] of answers) {
    wire.on('/userinfo', () => ({ status, headers }))
    const expected = { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', statusCode: 503, retryAfter, message: `wire is not available (status ${status})` }
    t.match(await failureOf(t, provider.profile(grant)), expected, JSON.stringify(headers))
    t.match(await failureOf(t, login()), expected)
  }
  wire.on('/token', () => ({ status: 429, headers: { 'x-reset': '30' } }))
  t.match(await failureOf(t, provider.refresh(grant)), { retryAfter: 30, retryDemanded: true, unspent: true })
})
