// Signed calls at an OAuth 1.0a provider: every verb, every kind of body, through each of the doors.
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { FormData, Request, request as undiciRequest, fetch as undiciFetch } from 'undici'
import type { OAuthProviderOptions, RequestOAuth } from '../../lib/index.js'
import { setUpOAuth1 } from '../fixtures/oauth1-login.js'
import type { OAuth1Setup } from '../fixtures/oauth1-login.js'

const formType = 'application/x-www-form-urlencoded'

/** Runs a function with the request.oauth of a user who has logged in. */
async function signedIn (t: Test, provider: (url: string) => Partial<OAuthProviderOptions> = () => ({})): Promise<OAuth1Setup & { use <T> (task: (oauth: RequestOAuth, app: FastifyInstance) => Promise<T>): Promise<T> }> {
  let task: (oauth: RequestOAuth, app: FastifyInstance) => Promise<unknown> = async () => undefined
  let outcome: { value?: unknown, error?: unknown } = {}
  const setup = await setUpOAuth1(t, {
    provider: wire => provider(wire.url),
    routes (app) {
      app.get('/use', { config: { oauth: 'wire' } }, async (request) => {
        outcome = await task(request.oauth, app).then(value => ({ value }), (error: unknown) => ({ error }))
        return 'used'
      })
    }
  })
  await setup.logIn()
  return {
    ...setup,
    async use <T> (own: (oauth: RequestOAuth, app: FastifyInstance) => Promise<T>): Promise<T> {
      task = own
      const { status, text } = await setup.browser.open(`${setup.url}/use`)
      if (status !== 200) throw new Error(text)
      if ('error' in outcome) throw outcome.error
      return outcome.value as T
    }
  }
}

interface Echo { user: string, method: string, params: Array<[string, string]>, body: string, place: string, hash?: string }

t.test('all verbs', async (t) => {
  const { use, wire } = await signedIn(t)
  for (const verb of ['get', 'post', 'put', 'patch', 'delete'] as const) {
    t.match(await use(async oauth => (await oauth[verb]('api')).body.json()), { user: 'user-1', method: verb.toUpperCase(), params: [] })
  }
  t.equal(await use(async oauth => (await oauth.head('api')).statusCode), 200)
  t.match(await use(async oauth => (await oauth.request('options', 'api')).body.json()), { method: 'OPTIONS' })
  const nonces = wire.checked.map(({ oauth }) => oauth.get('oauth_nonce'))
  t.equal(new Set(nonces).size, nonces.length, 'a nonce for each')
  t.strictSame(wire.refusals, [])
})

t.test('queries: apart from the URL and in it, duplicates, without a value, in UTF-8', async (t) => {
  const { use, wire } = await signedIn(t)
  const query = { b: ['2', '1', '1'], a: 'ü & ☕', empty: '' }
  const { params } = await use(async oauth => (await oauth.get("api?z&y=%20+x&y=*'()!~", { query })).body.json()) as Echo
  t.strictSame(params, [['z', ''], ['y', '  x'], ['y', "*'()!~"], ['b', '2'], ['b', '1'], ['b', '1'], ['a', 'ü & ☕'], ['empty', '']])

  const direct = await use(async oauth => {
    const { body } = await undiciRequest(`${wire.url}/api`, { dispatcher: oauth.dispatcher, query: { b: ['2', '1'], a: 'ü & ☕', 'n!': "it's", gone: '' } })
    return body.json()
  }) as Echo
  t.strictSame(direct.params, [['b', '2'], ['b', '1'], ['a', 'ü & ☕'], ['n!', "it's"], ['gone', '']], 'of undici, which keeps them apart from the path')
  await t.rejects(use(async oauth => undiciRequest(`${wire.url}/api?x=1`, { dispatcher: oauth.dispatcher, query: { a: '1' } })), /already contains/)
  t.equal(await use(async oauth => (await undiciRequest(`${wire.url}/api?x=1`, { dispatcher: oauth.dispatcher })).statusCode), 200)
  t.equal(await use(async oauth => (await undiciRequest(`${wire.url}/api`, { dispatcher: oauth.dispatcher, query: {} })).statusCode), 200)
  t.strictSame(wire.refusals, [])
})

t.test('a path that undici would send otherwise than it reads is refused', async (t) => {
  const { use, wire } = await signedIn(t)
  await t.rejects(use(oauth => oauth.dispatcher.request({ origin: wire.url, path: '/api/ü', method: 'GET' })), { code: 'FST_OAUTH_CANNOT_SIGN' })
})

const forms: Array<[string, (oauth: RequestOAuth, url: string) => Promise<unknown>]> = [
  ['form', async oauth => (await oauth.post('api?q=1', { form: { a: ['1', '2'], b: 'ü +&=' } })).body.json()],
  ['a string', async oauth => (await oauth.put('api?q=1', { body: 'a=1&a=2&b=%C3%BC+%2B%26%3D', headers: { 'Content-Type': `${formType}; charset=utf-8` } })).body.json()],
  ['a Buffer', async oauth => (await oauth.post('api?q=1', { body: Buffer.from('a=1&a=2&b=%C3%BC+%2B%26%3D'), headers: { 'content-type': formType } })).body.json()],
  ['a stream', async oauth => (await oauth.post('api?q=1', { body: Readable.from(['a=1&a=2', Buffer.from('&b=%C3%BC+%2B%26%3D')]), headers: { 'content-type': formType } })).body.json()],
  ['fetch', async oauth => (await oauth.fetch('api?q=1', { method: 'POST', body: new URLSearchParams([['a', '1'], ['a', '2'], ['b', 'ü +&=']]) })).json()],
  ['fetch of a Request', async (oauth, url) => (await oauth.fetch(new Request(`${url}/api?q=1`, { method: 'POST', body: new URLSearchParams([['a', '1'], ['a', '2'], ['b', 'ü +&=']]) }))).json()],
  ['another fetch', async (oauth, url) => (await undiciFetch(`${url}/api?q=1`, { dispatcher: oauth.dispatcher, method: 'POST', body: new URLSearchParams([['a', '1'], ['a', '2'], ['b', 'ü +&=']]) })).json()],
  ['another request', async (oauth, url) => (await undiciRequest(`${url}/api?q=1`, { dispatcher: oauth.dispatcher, method: 'POST', headers: { 'content-type': formType }, body: 'a=1&a=2&b=%C3%BC+%2B%26%3D' })).body.json()]
]

for (const oauth1Parameters of ['header', 'query', 'body'] as const) {
  t.test(`forms are signed, with the parameters in the ${oauth1Parameters}`, async (t) => {
    const { use, wire } = await signedIn(t, () => ({ quirks: { oauth1Parameters } }))
    for (const [name, call] of forms) {
      t.match(await use(oauth => call(oauth, wire.url)), { params: [['q', '1'], ['a', '1'], ['a', '2'], ['b', 'ü +&=']], place: oauth1Parameters }, name)
    }
    t.match(await use(async oauth => (await oauth.post('api', { headers: { 'content-type': formType } })).body.json()), { params: [], place: oauth1Parameters }, 'a form without anything')
    t.match(await use(async oauth => (await oauth.post('api?q=1', { json: { a: 1 } })).body.json()), { params: [['q', '1']], body: '{"a":1}', place: oauth1Parameters === 'body' ? 'query' : oauth1Parameters }, 'and what is no form')
    t.match(await use(async oauth => (await oauth.fetch('api?q=1', { method: 'POST', body: 'text' })).json()), { params: [['q', '1']], body: 'text' })
    t.strictSame(wire.refusals, [])
  })
}

function multipart (): FormData {
  const data = new FormData()
  data.append('field', 'a value')
  return data
}

t.test('JSON, multipart and streams are not signed', async (t) => {
  const { use, wire } = await signedIn(t)
  t.match(await use(async oauth => (await oauth.post('api', { json: { a: 'b' } })).body.json()), { params: [], body: '{"a":"b"}', hash: undefined })
  t.match(await use(async oauth => (await oauth.post('api', { body: Readable.from(['a=', 'b']) })).body.json()), { params: [], body: 'a=b' })
  t.match(await use(async oauth => (await oauth.post('api', { body: multipart() })).body.json()), { params: [], body: /a value/ })
  t.match(await use(async oauth => (await oauth.fetch('api', { method: 'POST', body: multipart() })).json()), { params: [], body: /a value/ })
  t.match(await use(async oauth => (await oauth.fetch('api', { method: 'POST', body: new Blob(['blob']).stream(), duplex: 'half' })).json()), { params: [], body: 'blob' })
  t.strictSame(wire.refusals, [])
})

t.test('body hashes, where asked for: of every body that is no form and no stream', async (t) => {
  const { use, wire } = await signedIn(t, () => ({ quirks: { oauth1BodyHash: true }, signatureMethod: 'HMAC-SHA256' }))
  const hash = /^[\w+/]{43}=$/
  t.match(await use(async oauth => (await oauth.post('api', { json: { a: 'b' } })).body.json()), { hash })
  t.match(await use(async oauth => (await oauth.post('api', { body: Buffer.from([1, 2, 3]) })).body.json()), { hash })
  t.match(await use(async oauth => (await oauth.get('api')).body.json()), { hash })
  t.match(await use(async oauth => (await oauth.fetch('api', { method: 'POST', body: 'text' })).json()), { hash, body: 'text' })
  t.match(await use(async oauth => (await oauth.fetch('api', { method: 'POST', body: multipart() })).json()), { hash, body: /a value/ })
  t.equal((await use(async oauth => (await oauth.post('api', { form: { a: 'b' } })).body.json()) as Echo).hash, undefined)
  t.equal((await use(async oauth => (await oauth.post('api', { body: Readable.from(['a']) })).body.json()) as Echo).hash, undefined)
  t.equal((await use(async oauth => (await oauth.post('api', { body: multipart() })).body.json()) as Echo).hash, undefined)
  t.strictSame(wire.refusals, [])
})

t.test('a form as a stream of more than a mebibyte is refused', async (t) => {
  const { use, wire } = await signedIn(t)
  const before = wire.calls.length
  const body = () => Readable.from(Array.from({ length: 17 }, () => Buffer.alloc(64 * 1024, 'a')))
  await t.rejects(use(async oauth => oauth.post('api', { body: body(), headers: { 'content-type': formType } })), { code: 'FST_OAUTH_INVALID_CALL', message: /more than 1048576 bytes/ })
  t.equal(wire.calls.length, before, 'nothing was sent')
})

t.test('a 401 that names its problem is an error that names it too', async (t) => {
  const { use, wire } = await signedIn(t)
  const challenge = (value: string) => wire.overrides.set('/api', () => ({ status: 401, headers: { 'www-authenticate': value }, body: 'of the API' }))
  challenge('OAuth realm="api", oauth_problem="token_revoked"')
  const problem = { code: 'FST_OAUTH_API_PROBLEM', statusCode: 502, message: 'The API of wire refused the signed call (oauth_problem token_revoked)', providerError: 'token_revoked', response: { statusCode: 401, body: 'of the API' } }
  await t.rejects(use(oauth => oauth.get('api')), problem)
  await t.rejects(use(oauth => oauth.get('api', { throwOnError: true })), problem)
  t.equal(await use(async oauth => (await oauth.get('api', { throwOnError: false })).statusCode), 401)
  t.equal(await use(async oauth => (await oauth.fetch('api')).status), 401)
  t.equal(await use(async oauth => (await undiciRequest(`${wire.url}/api`, { dispatcher: oauth.dispatcher })).statusCode), 401)
  challenge('OAuth oauth_problem=nonce_used')
  await t.rejects(use(oauth => oauth.get('api')), { code: 'FST_OAUTH_API_PROBLEM', providerError: 'nonce_used' }, 'without quotes')
  challenge('OAuth realm="api"')
  t.equal(await use(async oauth => (await oauth.get('api')).statusCode), 401, 'a 401 that names none is answered')
  await t.rejects(use(oauth => oauth.get('api', { throwOnError: true })), { code: 'FST_OAUTH_API_ERROR' })
  wire.overrides.set('/api', () => ({ status: 401, body: 'oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2' }))
  await t.rejects(use(oauth => oauth.get('api', { throwOnError: true })), { code: 'FST_OAUTH_API_PROBLEM', providerError: 'timestamp_refused' }, 'in the body, where that is read')
  wire.overrides.set('/api', () => ({ status: 403, headers: { 'www-authenticate': 'OAuth oauth_problem="token_revoked"' }, body: '' }))
  t.equal(await use(async oauth => (await oauth.get('api')).statusCode), 403, 'another status is an answer')
})

t.test('a call that is made again has a new nonce', async (t) => {
  const { use, wire } = await signedIn(t)
  const tokens: string[] = []
  await use(async (oauth) => {
    wire.overrides.set('/api', ({ headers }) => {
      tokens.push(String(headers.authorization))
      return tokens.length === 1 ? { status: 401, body: '' } : { body: '' }
    })
    t.equal((await oauth.get('api')).statusCode, 401, 'without another token there is no second call')
  })
  t.equal(tokens.length, 1)
  tokens.length = 0
  await use(async (oauth) => {
    wire.overrides.set('/api', ({ headers, path }) => {
      tokens.push(String(headers.authorization))
      return path === '/api' ? { status: 302, headers: { location: '/api?hop=1' } } : { body: '' }
    })
    t.equal((await oauth.get('api')).statusCode, 200)
  })
  const nonces = tokens.map(header => /oauth_nonce="([^"]+)"/.exec(header)?.[1])
  t.equal(nonces.length, 2)
  t.not(nonces[0], nonces[1], 'at every hop of a redirect')
})

t.test('a token that another login replaced: the call is made again with the new one', async (t) => {
  const { wire, browser, url, logIn, app } = await setUpOAuth1(t, {
    plugin: () => ({ owner: () => 'alice' }),
    routes (app) { app.get('/call', { config: { oauth: 'wire' } }, async (request) => (await request.oauth.post('api', { form: { a: '1' } })).body.json()) }
  })
  await logIn()
  const [[oldToken = ''] = []] = [...wire.tokens]
  const seen: string[] = []
  wire.overrides.set('/api', async ({ headers }) => {
    const header = String(headers.authorization)
    seen.push(header)
    if (!header.includes(oldToken)) return { body: { done: true } }
    await logIn()
    return { status: 401, headers: { 'www-authenticate': 'OAuth oauth_problem="token_expired"' }, body: '' }
  })
  t.strictSame((await (await browser.request(`${url}/call`)).json()), { done: true })
  t.equal(seen.length, 2)
  t.equal(new Set(seen.map(header => /oauth_nonce="([^"]+)"/.exec(header)?.[1])).size, 2)
  t.match(seen[1], [...wire.tokens.keys()].at(-1))
  wire.overrides.clear()
  t.equal((await (await app.oauth.client('wire', { owner: 'alice' }).get('api')).body.json() as Echo).user, 'user-1', 'and a client without a request signs too')
})

t.test('to other origins nothing goes', async (t) => {
  const { use } = await signedIn(t)
  await t.rejects(use(oauth => oauth.get('http://127.0.0.1:9/api')), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
})

t.test('logging out drops the grant; there is nothing to revoke at the provider', async (t) => {
  const { use } = await signedIn(t)
  t.strictSame(await use(oauth => oauth.revoke()), { removed: true, provider: 'unsupported' })
})
