// Signed authorization responses (JARM), at a provider that a test can make wrong.
import t from 'tap'
import { unsigned } from '../fixtures/id-tokens.js'
import { failureOf, redirectUri, startWireLogin } from '../fixtures/wire-login.js'
import type { WireLogin } from '../fixtures/wire-login.js'

const signed = { authorizeParams: { response_mode: 'form_post.jwt' } }

async function answer ({ wire, provider, begin }: WireLogin, change: (claims: Record<string, unknown>) => unknown, sign: (claims: Record<string, unknown>) => string | Promise<string> = claims => wire.idToken(claims)) {
  const { url, key, secrets, formPost } = await begin()
  t.equal(formPost, true)
  const { code } = Object.fromEntries(new URL(wire.callbackFor(url)).searchParams)
  const claims: Record<string, unknown> = { iss: wire.issuer, aud: wire.clientId, exp: Math.floor(Date.now() / 1_000) + 60, code, state: secrets.state }
  change(claims)
  const callback = new URLSearchParams({ response: await sign(claims) })
  t.ok([key, null, 'other'].includes(provider.keyOf(callback)))
  return provider.complete({ callback, secrets, redirectUri }, null)
}

t.test('the right one, after the keys were rotated too', async (t) => {
  const client = await startWireLogin(t, signed)
  t.equal((await answer(client, () => {})).subject, 'user-1')
  await client.wire.rotateKeys('key-2')
  t.equal((await answer(client, () => {})).subject, 'user-1')
})

t.test('one that is wrong in one way', async (t) => {
  const client = await startWireLogin(t, signed)
  const { wire } = client
  const wrong: Array<[string, (claims: Record<string, unknown>) => unknown]> = [
    ['another issuer', claims => { claims.iss = 'https://other.example' }], ['another audience', claims => { claims.aud = 'other' }], ['past', claims => { claims.exp = 5 }], ['without an end', claims => delete claims.exp],
    ['another state', claims => { claims.state = 'other' }], ['no state', claims => delete claims.state], ['no code', claims => delete claims.code], ['a code that is a number', claims => { claims.code = 5 }]
  ]
  for (const [name, change] of wrong) t.match(await failureOf(t, answer(client, change)), { code: 'FST_OAUTH_INVALID_CALLBACK', statusCode: 400 }, name)
  for (const sign of [(claims: object) => unsigned({ alg: 'none' }, claims), (claims: object) => `${unsigned({ alg: 'RS256', kid: wire.kid }, claims)}AAAA`, (claims: object) => `${unsigned({ alg: 'HS256' }, claims)}AAAA`, () => 'canary', () => 'a.b.c.d.e']) {
    t.match(await failureOf(t, answer(client, () => {}, sign)), { code: 'FST_OAUTH_INVALID_CALLBACK' })
  }
  t.match(await failureOf(t, answer(client, claims => { delete claims.code; claims.error = 'access_denied' })), { code: 'FST_OAUTH_ACCESS_DENIED' })
  t.equal(wire.to('/token').length, 0)
})

t.test('one that is not signed, has parameters beside, or comes twice', async (t) => {
  const { wire, provider, begin } = await startWireLogin(t, signed)
  const { url, secrets } = await begin()
  const callback = new URL(wire.callbackFor(url)).searchParams
  const complete = (callback: URLSearchParams) => failureOf(t, provider.complete({ callback, secrets, redirectUri }, null))
  t.match(await complete(callback), { code: 'FST_OAUTH_INVALID_CALLBACK', message: /not signed/ })
  callback.set('response', 'a.b.c')
  t.match(await complete(callback), { code: 'FST_OAUTH_INVALID_CALLBACK', message: /beside/ })
  callback.append('response', 'a.b.c')
  t.throws(() => provider.keyOf(callback), { code: 'FST_OAUTH_INVALID_CALLBACK', message: /more than one response/ })
})
