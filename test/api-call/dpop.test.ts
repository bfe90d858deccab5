// Calls with bound tokens (RFC 9449 sections 7 to 9): verbs, fetch and dispatcher, with nonces and refreshes.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { request as undiciRequest } from 'undici'
import type { OAuthProviderOptions, RequestOAuth } from '../../lib/index.js'
import { startServer } from '../fixtures/http-server.js'
import type { HttpServer, ReceivedCall, ServerAnswer } from '../fixtures/http-server.js'
import { startSignedIn } from '../fixtures/signed-in.js'

type Calls = (oauth: RequestOAuth, url: string) => Promise<number>

const statusOf = async ({ statusCode, body }: { statusCode: number, body: { dump (): Promise<void> } }) => {
  await body.dump()
  return statusCode
}

const ways: Record<string, Calls> = {
  get: async (oauth, url) => statusOf(await oauth.get(url)),
  post: async (oauth, url) => statusOf(await oauth.post(url, { json: { a: 1 } })),
  fetch: async (oauth, url) => (await oauth.fetch(url)).status,
  'fetch with a body': async (oauth, url) => (await oauth.fetch(url, { method: 'POST', body: 'text' })).status,
  dispatcher: async (oauth, url) => statusOf(await undiciRequest(url, { dispatcher: oauth.dispatcher }))
}

async function start (t: Test, { options = {}, bound = true }: { options?: Partial<OAuthProviderOptions>, bound?: boolean } = {}) {
  const scene = await startSignedIn(t, {
    options: () => ({ dpop: true, ...options }),
    provider: { client: bound ? { dpop_bound_access_tokens: true } : {}, configuration: { features: { devInteractions: { enabled: false }, dPoP: { enabled: true } } } },
    routes (app, api) {
      app.get('/call/:way', async (request) => ({ status: await (ways[decodeURIComponent((request.params as { way: string }).way)] as Calls)(request.oauth, `${api.url}/v1/things?a=1`) }))
      app.get('/no-retry', async (request) => ({ status: await statusOf(await request.oauth.get(api.url, { retry: false })) }))
      app.get('/stream', async (request) => ({ status: await statusOf(await request.oauth.post(api.url, { body: Readable.from(['x']) })) }))
      app.get('/owned', async (request) => {
        const grant = await request.oauth.loadGrant()
        return { printed: [JSON.stringify(grant), inspect(grant, { depth: 9 }), JSON.stringify({ ...grant })], key: grant?.dpopKey }
      })
    }
  })
  const callBy = async (way: string) => (await scene.call(`/call/${encodeURIComponent(way)}`)).json.status
  return { ...scene, callBy }
}

const proofOf = ({ headers }: ReceivedCall) => decodeJwt(String(headers.dpop))
const wanting = (nonce: string) => (call: ReceivedCall): ServerAnswer => proofOf(call).nonce === nonce
  ? { body: {} }
  : { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce }, body: {} }

t.test('every way of calling has a proof of its own, by the key of the grant', async (t) => {
  const { api, callBy, call } = await start(t)
  const { x } = (await call('/owned')).json.key as { x: string }
  for (const way of Object.keys(ways)) t.equal(await callBy(way), 200, way)

  for (const received of api.calls) {
    const { authorization = '' } = received.headers
    t.match(authorization, /^DPoP /)
    t.match(proofOf(received), { htm: received.method, htu: `${api.url}/v1/things`, ath: createHash('sha256').update(authorization.slice(5)).digest('base64url'), nonce: undefined })
    t.match(decodeProtectedHeader(String(received.headers.dpop)), { typ: 'dpop+jwt', alg: 'ES256', jwk: { x } })
  }
  t.equal(new Set(api.calls.map(received => proofOf(received).jti)).size, Object.keys(ways).length)
})

t.test('a nonce that is wanted makes the call once more, by every way, and costs no refresh', async (t) => {
  const { api, callBy, refreshes } = await start(t)
  for (const [index, way] of Object.keys(ways).entries()) {
    api.calls.length = 0
    api.handler = wanting(`nonce-${index}`)
    t.equal(await callBy(way), 200, way)
    t.equal(api.calls.length, 2, way)
    t.equal(await callBy(way), 200)
    t.equal(api.calls.length, 3, 'it is known from then on')
  }
  t.equal(refreshes(), 0)
})

t.test('a nonce that came with an answer is used for the next call', async (t) => {
  const { api, callBy } = await start(t)
  api.handler = () => ({ headers: { 'dpop-nonce': 'fresh' }, body: {} })
  for (const way of ['get', 'get']) await callBy(way)
  t.strictSame(api.calls.map(received => proofOf(received).nonce), [undefined, 'fresh'])
})

t.test('a server that is never content is asked twice and no more', async (t) => {
  const { api, callBy, refreshes } = await start(t)
  api.handler = () => ({ status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': `nonce-${Math.random()}` }, body: {} })
  for (const way of Object.keys(ways)) {
    api.calls.length = 0
    t.equal(await callBy(way), 401, way)
    t.equal(api.calls.length, 2, way)
  }
  t.equal(refreshes(), 0)
})

t.test('a nonce, then a token that has ended, then another nonce: each is answered once', async (t) => {
  const { api, callBy, refreshes, revokeAccessTokens } = await start(t)
  for (const way of Object.keys(ways)) {
    await revokeAccessTokens()
    let count = 0
    const seen: unknown[] = []
    api.handler = (received) => {
      seen.push(proofOf(received).nonce)
      count++
      if (count === 4) return { body: {} }
      const error = count === 2 ? 'invalid_token' : 'use_dpop_nonce'
      return { status: 401, headers: { 'www-authenticate': `DPoP error="${error}"`, 'dpop-nonce': `${way.replaceAll(' ', '-')}-${count}` }, body: {} }
    }
    t.equal(await callBy(way), 200, way)
    t.strictSame(seen.slice(1), [1, 2, 3].map(number => `${way.replaceAll(' ', '-')}-${number}`))
    t.equal(refreshes(), 1, way)
  }
})

t.test('after both, the answer is given to the caller', async (t) => {
  const { api, callBy, refreshes, revokeAccessTokens } = await start(t)
  for (const way of Object.keys(ways)) {
    await revokeAccessTokens()
    api.calls.length = 0
    api.handler = () => ({ status: 401, headers: { 'www-authenticate': 'DPoP error="invalid_token"' }, body: {} })
    t.equal(await callBy(way), 401, way)
    t.equal(api.calls.length, 2, way)
    t.equal(refreshes(), 1, way)
  }
})

t.test('what cannot be sent twice is not, but its nonce is kept', async (t) => {
  const { api, call } = await start(t)
  for (const [index, path] of ['/stream', '/no-retry'].entries()) {
    api.calls.length = 0
    api.handler = wanting(`nonce-${index}`)
    t.equal((await call(path)).json.status, 401, path)
    t.equal(api.calls.length, 1)
    t.equal((await call(path)).json.status, 200)
  }
})

t.test('a redirect to another allowed address is proven anew; beyond the allowed origins nothing is', async (t) => {
  const { api, callBy } = await start(t)
  const elsewhere = await startServer(t)
  api.handler = ({ path }) => path === '/moved' ? { body: {} } : { status: 302, headers: { location: '/moved' } }
  t.equal(await callBy('get'), 200)
  t.strictSame(api.calls.map(received => proofOf(received).htu), [`${api.url}/v1/things`, `${api.url}/moved`])
  api.handler = () => ({ status: 302, headers: { location: elsewhere.url } })
  for (const way of ['get', 'fetch']) t.equal(await callBy(way), 200)
  t.strictSame(elsewhere.calls.map(({ headers }) => [headers.authorization, headers.dpop]), [[undefined, undefined], [undefined, undefined]])
})

t.test('the key is read by name, and printed by nothing', async (t) => {
  const { call, logs } = await start(t)
  const { printed, key } = (await call('/owned')).json as { printed: string[], key: { d: string } }
  t.match(key, { kty: 'EC', crv: 'P-256', d: /^[\w-]{43}$/ })
  for (const text of [...printed, ...logs]) t.notMatch(text, key.d)
})

t.test('two users have two keys', async (t) => {
  const { api, callBy, logIn } = await start(t)
  await callBy('get')
  await logIn('user-2')
  await callBy('get')
  const [one, two] = api.calls.map(({ headers }: HttpServer['calls'][number]) => decodeProtectedHeader(String(headers.dpop)).jwk)
  t.notSame(one, two)
})
