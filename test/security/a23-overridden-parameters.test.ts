// A23, A24: neither a query nor a header of the client changes what is asked of the provider.
import { request } from 'undici'
import t from 'tap'
import { startScene } from '../fixtures/scene.js'
import type { SceneOptions } from '../fixtures/scene.js'

const attack = {
  redirect_uri: 'https://evil.example/',
  client_id: 'evil',
  client_secret: 'evil',
  scope: 'admin',
  state: 'evil',
  nonce: 'evil',
  response_type: 'token',
  response_mode: 'fragment',
  code_challenge: 'evil',
  code_challenge_method: 'plain',
  prompt: 'none',
  login_hint: 'evil',
  loginHint: 'evil',
  request: 'evil',
  request_uri: 'https://evil.example/request',
  acr_values: 'evil',
  claims: '{}',
  required: 'admin',
  provider: 'evil',
  issuer: 'https://evil.example',
  authorizeParams: 'evil'
}

async function authorizationOf (url: string, path: string, headers: Record<string, string> = {}): Promise<URLSearchParams | number> {
  const { statusCode, headers: { location }, body } = await request(`${url}${path}`, { headers })
  await body.dump()
  return statusCode === 303 ? new URL(String(location)).searchParams : statusCode
}

t.test('A23: a query that wants to be the authorization request', async (t) => {
  const { url, provider } = await startScene(t, { provider: { scope: ['openid', 'email'], authorizeParams: { audience: 'api' } } })
  const query = await authorizationOf(url, `/oauth/test?${new URLSearchParams(attack)}`)
  if (typeof query === 'number') throw new Error(`no redirect but ${query}`)
  t.match(Object.fromEntries(query), {
    redirect_uri: `${url}/oauth/test/callback`, client_id: provider.clientId, scope: 'openid email', response_type: 'code', code_challenge_method: 'S256', audience: 'api'
  })
  t.strictSame([...query.keys()].sort(), ['audience', 'client_id', 'code_challenge', 'code_challenge_method', 'nonce', 'redirect_uri', 'response_type', 'scope', 'state'])
  t.notMatch(query.toString(), 'evil')
})

t.test('A23: the query of a guarded page', async (t) => {
  const { url } = await startScene(t)
  const query = await authorizationOf(url, `/guarded?${new URLSearchParams(attack)}`, { accept: 'text/html' })
  t.notMatch(String(query), /evil|admin/)
})

t.test('A23: options may not set what the protocol sets', async (t) => {
  const { app, provider } = await startScene(t)
  const { clientId, issuer } = provider
  for (const name of ['redirect_uri', 'client_id', 'state', 'nonce', 'scope', 'response_type', 'code_challenge', 'code_challenge_method']) {
    t.throws(() => app.oauth.providers.register(`with-${name}`, { clientId, issuer, authorizeParams: { [name]: 'x' } }), { code: 'FST_OAUTH_INVALID_OPTIONS' }, name)
  }
})

t.test('A23: nor may a function that repeats the request\'s query', async (t) => {
  const { url } = await startScene(t, { provider: { authorizeParams: ({ query }) => query as Record<string, string> } })
  t.equal(await authorizationOf(url, '/oauth/test?redirect_uri=https://evil.example/'), 500)
  const query = await authorizationOf(url, '/oauth/test?hd=example.com')
  t.equal((query as URLSearchParams).get('hd'), 'example.com')
})

const spoofed: Array<Record<string, string>> = [
  { host: 'evil.example' },
  { 'x-forwarded-host': 'evil.example' },
  { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
  { 'x-forwarded-proto': 'https' },
  { forwarded: 'host=evil.example;proto=https' },
  { 'x-original-host': 'evil.example', 'x-host': 'evil.example', 'x-forwarded-server': 'evil.example' },
  { 'x-original-url': '/evil', 'x-rewrite-url': '/evil' },
  { origin: 'https://evil.example', referer: 'https://evil.example/' }
]

t.test('A24: with baseUrl, no header changes redirect_uri, with trustProxy neither', async (t) => {
  for (const fastify of [{}, { trustProxy: true }] as Array<NonNullable<SceneOptions['app']>['fastify'] & object>) {
    const { url, provider } = await startScene(t, { plugin: { baseUrl: 'https://app.example' }, app: { fastify } })
    for (const headers of [{}, ...spoofed]) {
      for (const path of ['/oauth/test', '/guarded']) {
        const query = await authorizationOf(url, path, { accept: 'text/html', ...headers })
        t.equal(typeof query === 'number' ? query : query.get('redirect_uri'), 'https://app.example/oauth/test/callback', JSON.stringify({ ...fastify, path, ...headers }))
      }
      const { body } = await request(`${url}/guarded`, { headers: { accept: 'application/json', ...headers } })
      const { authorizeUrl } = await body.json() as { authorizeUrl: string }
      t.match(authorizeUrl, /^https:\/\/app\.example\/oauth\/test\?login=/, JSON.stringify(headers))
      t.notMatch(authorizeUrl, 'evil')
    }
    t.notOk(provider.requests.some(({ query }) => query.toString().includes('evil')))
  }
})

t.test('A24: without baseUrl, only a loopback address will do', async (t) => {
  for (const fastify of [{}, { trustProxy: true }] as Array<NonNullable<SceneOptions['app']>['fastify'] & object>) {
    const { url } = await startScene(t, { app: { fastify } })
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '127.0.0.1@evil.example', 'evil.example/127.0.0.1', '127.0.0.1#evil.example', '127.0.0.1,evil.example', '0.0.0.0', '[::]', '10.0.0.1', '169.254.169.254', '[::ffff:10.0.0.1]', '']) {
      const query = await authorizationOf(url, '/oauth/test', { host })
      const found = typeof query === 'number' ? query : new URL(String(query.get('redirect_uri'))).hostname
      t.ok(found === 500 || found === 400 || found === '127.0.0.1', `${JSON.stringify({ ...fastify, host })}: ${found}`)
    }
    for (const headers of spoofed.slice(1)) {
      const query = await authorizationOf(url, '/oauth/test', headers)
      const redirectUri = typeof query === 'number' ? query : String(query.get('redirect_uri'))
      t.equal(typeof redirectUri === 'number' ? redirectUri : new URL(redirectUri).host, new URL(url).host, JSON.stringify({ ...fastify, ...headers }))
    }
  }
})

t.test('A24: in production baseUrl is required', async (t) => {
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'production' } })
  await t.rejects(startScene(t), { code: 'FST_OAUTH_INVALID_OPTIONS' })
})
