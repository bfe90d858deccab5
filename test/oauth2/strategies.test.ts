// Strategies of the catalogue, through logins at the hand-written provider.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireProvider } from '../fixtures/wire-provider.js'

function signed (callback: URLSearchParams, secret: string): string {
  const text = [...callback].filter(([name]) => name !== 'hmac').sort(([a], [b]) => a < b ? -1 : 1).map(([name, value]) => new URLSearchParams({ [name]: value }).toString()).join('&')
  return createHmac('sha256', secret).update(text).digest('hex')
}

t.test('a signed callback: as it was made, and not otherwise', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), quirks: { strategy: { name: 'signed-callback' }, callbackParams: ['shop'] } }))
  const sign = (callback: URLSearchParams) => { callback.set('shop', 'one.example'); callback.set('hmac', signed(callback, wire.clientSecret)) }
  t.match(await login(sign), { tokens: { raw: { callback: { shop: 'one.example' } } } })

  const before = wire.to('/token').length
  const wrong: Record<string, (callback: URLSearchParams) => void> = {
    'no signature': () => {},
    'another secret': callback => { callback.set('hmac', signed(callback, 'another')) },
    'a parameter that was changed': callback => { sign(callback); callback.set('shop', 'two.example') },
    'a parameter that was added': callback => { sign(callback); callback.set('more', '1') },
    'two signatures': callback => { sign(callback); callback.append('hmac', String(callback.get('hmac'))) },
    'a short one': callback => { callback.set('hmac', 'ab') },
    'no hex': callback => { callback.set('hmac', 'zz'.repeat(32)) }
  }
  for (const [what, change] of Object.entries(wrong)) t.match(await failureOf(t, login(change)), { code: 'FST_OAUTH_INVALID_CALLBACK', message: /its hmac is not that of the client secret/ }, what)
  t.equal(wire.to('/token').length, before, 'no code was sent')
})

const longLived = (wire: WireProvider) => ({
  ...byHand(wire),
  quirks: { strategy: { name: 'long-lived-token' as const, exchange: { url: `${wire.issuer}/long`, grantType: 'x_exchange_token' }, refresh: { url: `${wire.issuer}/renew?v=1`, grantType: 'x_refresh_token' } } }
})

t.test('a long-lived token takes the place of the first one, and is renewed by itself', async (t) => {
  const { wire, login, provider } = await startWireLogin(t, longLived)
  wire.handlers.set('/long', async () => ({ body: { access_token: 'long-canary-1', token_type: 'bearer', expires_in: 5_184_000 } }))
  wire.handlers.set('/renew', async () => ({ body: { access_token: 'long-canary-2', expires_in: '5184000' } }))
  const completed = await login()
  t.match(completed.tokens, { accessToken: 'long-canary-1', refreshToken: 'long-canary-1' })
  t.ok(Number(completed.tokens.expiresAt) > Date.now() + 5_000_000_000)
  const queryOf = (path: string) => Object.fromEntries(wire.requests.find(request => request.path === path)?.query ?? [])
  t.match(queryOf('/long'), { grant_type: 'x_exchange_token', client_secret: wire.clientSecret, access_token: /access-token-canary/ })

  const renewed = await provider.refresh(grantOf(completed))
  t.match(renewed, { accessToken: 'long-canary-2', refreshToken: 'long-canary-2', tokenType: 'bearer' })
  t.match(queryOf('/renew'), { v: '1', grant_type: 'x_refresh_token', access_token: 'long-canary-1' })
  t.equal(wire.to('/token').length, 1, 'RFC 6749\'s refresh is not used')
})

t.test('renewals that fail have spent nothing; a token that is refused is good for nothing', async (t) => {
  const { wire, login, provider } = await startWireLogin(t, longLived)
  wire.handlers.set('/long', async () => ({ body: { access_token: 'long-canary-1' } }))
  const completed = await login()
  t.equal(completed.tokens.expiresAt, undefined)
  const cases: Array<[{ status?: number, body?: unknown }, object]> = [
    [{ status: 400 }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_grant' }],
    [{ status: 401 }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_grant' }],
    [{ status: 404 }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 404/, unspent: true }],
    [{ status: 503 }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', unspent: true }],
    [{ body: 'canary' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /it holds no access_token/, unspent: true }],
    [{ body: { access_token: '' } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', unspent: true }],
    [{ body: 'null' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', unspent: true }]
  ]
  for (const [answer, expected] of cases) {
    wire.handlers.set('/renew', async () => answer)
    t.match(await failureOf(t, provider.refresh(grantOf(completed))), expected, JSON.stringify(answer))
  }
})
