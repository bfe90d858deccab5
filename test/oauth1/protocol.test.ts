// The protocol straight through a Provider: what providers answer, and what becomes of it.
import t from 'tap'
import type { Test } from 'tap'
import { createAgent } from '../../lib/http/transport.js'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { parseProviderOptions } from '../../lib/options.js'
import { Provider } from '../../lib/provider.js'
import { drip, startServer, writeForever } from '../fixtures/http-server.js'
import type { ServerAnswer, ServerHandler } from '../fixtures/http-server.js'
import { failureOf, grantOf } from '../fixtures/wire-login.js'

const redirectUri = 'http://127.0.0.1/oauth/wire/callback'
const clientSecret = 'client-secret-canary'
const temporary = 'oauth_token=temporary&oauth_token_secret=temporary-secret-canary&oauth_callback_confirmed=true'
const granted = 'oauth_token=access-token-canary&oauth_token_secret=token-secret-canary'

const dripping: ServerHandler = (_call, response) => { drip(response); return undefined }
const flooding: ServerHandler = (_call, response) => { writeForever(response, Buffer.alloc(64 * 1024)); return undefined }
const resetting: ServerHandler = (_call, response) => { response.destroy(); return undefined }

type Script = Partial<Record<'/request' | '/access' | '/me', ServerHandler | ServerAnswer | string>>

async function start (t: Test, script: Script = {}, { options = {}, timeout = 5_000 }: { options?: Partial<OAuthProviderOptions>, timeout?: number } = {}) {
  const answers: Script = { '/request': temporary, '/access': granted, ...script }
  const server = await startServer(t, (call, response) => {
    const answer = answers[call.path.split('?')[0] as keyof Script] ?? {}
    return typeof answer === 'function' ? answer(call, response) : typeof answer === 'string' ? { body: answer } : answer
  })
  const dispatcher = createAgent()
  t.teardown(() => dispatcher.destroy())
  const all = { requestTokenUrl: `${server.url}/request`, authorizeUrl: `${server.url}/authorize`, accessTokenUrl: `${server.url}/access`, clientId: 'client', clientSecret, ...options }
  const provider = new Provider('wire', parseProviderOptions('wire', all), { dispatcher, timeout, clock: () => 1_700_000_000_999 })
  const begin = () => provider.begin({ redirectUri, scope: [], params: {} }, null)
  const login = async (callback = 'oauth_token=temporary&oauth_verifier=verifier-canary') => {
    const { secrets } = await begin()
    return provider.complete({ callback: new URLSearchParams(callback), secrets, redirectUri }, null)
  }
  return { server, provider, begin, login, all }
}

const unusable: Array<[string, ServerAnswer, object]> = [
  ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html><a href="?oauth_token=x&oauth_token_secret=canary">' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502 }],
  ['nothing', { body: '' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['text', { body: 'canary canary' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['an empty token', { body: 'oauth_token=&oauth_token_secret=canary&oauth_callback_confirmed=true' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['no secret', { body: 'oauth_token=canary&oauth_callback_confirmed=true' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['JSON that is cut off', { body: '{"oauth_token":"canary","oauth_tok' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['JSON of another kind', { body: '"canary"' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['null', { body: 'null' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['a token that is no text', { body: { oauth_token: 5, oauth_token_secret: 'canary' } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
  ['a redirect', { status: 302, headers: { location: '/elsewhere' } }, { code: 'FST_OAUTH_PROVIDER_REDIRECT', statusCode: 502 }],
  ['500', { status: 500, body: 'canary' }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', statusCode: 503, retryAfter: 5 }],
  ['503 with Retry-After', { status: 503, headers: { 'retry-after': '17' } }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', retryAfter: 17 }],
  ['429 with a date', { status: 429, headers: { 'retry-after': new Date(1_700_000_030_000).toUTCString() } }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', retryAfter: 30 }],
  ['401', { status: 401, body: 'Invalid signature. canary' }, { code: 'FST_OAUTH_TOKEN_REFUSED', statusCode: 502, message: /status 401/ }],
  ['401 with a challenge', { status: 401, headers: { 'www-authenticate': 'OAuth realm="x", oauth_problem="signature_invalid"' } }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'signature_invalid', message: /signature_invalid/ }],
  ['400 with a form', { status: 400, body: 'oauth_problem=consumer_key_unknown&oauth_problem_advice=canary' }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'consumer_key_unknown' }],
  ['200 with a problem', { body: 'oauth_problem=timestamp_refused' }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'timestamp_refused' }],
  ['a problem that is none', { status: 401, body: 'oauth_problem=secret-canary' }, { code: 'FST_OAUTH_TOKEN_REFUSED', message: /status 401/ }]
]

for (const path of ['/request', '/access'] as const) {
  t.test(`${path} answers what cannot be used`, async (t) => {
    for (const [name, answer, expected] of unusable) {
      const { server, login } = await start(t, { [path]: answer })
      t.match(await failureOf(t, login()), expected, name)
      t.equal(server.calls.filter(call => call.path === path).length, 1, 'it was asked once')
      t.equal(server.calls.some(call => call.path === '/elsewhere'), false)
    }
  })

  t.test(`${path} does not answer, or never stops`, async (t) => {
    const silent = await start(t, { [path]: () => undefined }, { timeout: 200 })
    t.match(await failureOf(t, silent.login()), { code: 'FST_OAUTH_PROVIDER_TIMEOUT', statusCode: 504 })
    const slow = await start(t, { [path]: dripping }, { timeout: 200 })
    t.match(await failureOf(t, slow.login()), { code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
    const endless = await start(t, { [path]: flooding })
    t.match(await failureOf(t, endless.login()), { code: 'FST_OAUTH_ANSWER_TOO_LARGE' })
    const reset = await start(t, { [path]: resetting })
    t.match(await failureOf(t, reset.login()), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', retryAfter: 5 })
    t.equal(reset.server.calls.filter(call => call.path === path).length, 1, 'and is not asked again')
  })
}

t.test('temporary credentials that are too long for a cookie', async (t) => {
  const long = (length: number) => `oauth_token=${'t'.repeat(length)}&oauth_token_secret=&oauth_callback_confirmed=true`
  const { begin } = await start(t, { '/request': long(1_025) })
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /more than 1024 characters/ })
  const { begin: fits } = await start(t, { '/request': long(1_024) })
  t.match(await fits(), { secrets: { tokenSecret: '' } }, 'an empty secret is one')
})

t.test('a callback must be confirmed', async (t) => {
  for (const answer of ['', '&oauth_callback_confirmed=false', '&oauth_callback_confirmed=', '&oauth_callback_confirmed=TRUE']) {
    const { begin } = await start(t, { '/request': `oauth_token=temporary&oauth_token_secret=canary${answer}` })
    t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_CALLBACK_UNCONFIRMED', statusCode: 502 }, answer)
  }
  const { begin } = await start(t, { '/request': { body: { oauth_token: 'temporary', oauth_token_secret: 's', oauth_callback_confirmed: true } } })
  t.match(await begin(), { key: 'wire temporary' }, 'JSON may say so with a boolean')
})

t.test('states are ours, and all different', async (t) => {
  const { begin } = await start(t)
  const states = await Promise.all(Array.from({ length: 20 }, async () => (await begin()).secrets.state))
  t.equal(new Set(states).size, 20)
  for (const state of states) t.match(state, /^[\w-]{43}$/)
})

t.test('a callback that is none', async (t) => {
  const callbacks: Array<[string, string, RegExp]> = [
    ['oauth_token=other&oauth_verifier=v', 'FST_OAUTH_INVALID_CALLBACK', /belongs to another login/],
    ['oauth_token=temporary&oauth_token=temporary&oauth_verifier=v', 'FST_OAUTH_INVALID_CALLBACK', /more than one oauth_token/],
    ['denied=temporary&denied=other', 'FST_OAUTH_INVALID_CALLBACK', /more than one oauth_token/],
    ['oauth_verifier=v', 'FST_OAUTH_TOKEN_MISSING', /no oauth_problem is named/],
    ['oauth_token=&oauth_verifier=v', 'FST_OAUTH_TOKEN_MISSING', /oauth_token/],
    ['oauth_problem=user_refused', 'FST_OAUTH_TOKEN_MISSING', /user_refused/],
    ['oauth_token=temporary', 'FST_OAUTH_INVALID_CALLBACK', /no oauth_verifier/],
    ['oauth_token=temporary&oauth_verifier=', 'FST_OAUTH_INVALID_CALLBACK', /no oauth_verifier/],
    ['oauth_token=temporary&oauth_verifier=v&oauth_verifier=v', 'FST_OAUTH_INVALID_CALLBACK', /more than one oauth_verifier/],
    ['oauth_token=temporary&oauth_verifier=v&oauth_problem=timestamp_refused', 'FST_OAUTH_INVALID_CALLBACK', /timestamp_refused/]
  ]
  const { login, server } = await start(t)
  for (const [callback, code, message] of callbacks) t.match(await failureOf(t, login(callback)), { code, statusCode: 400, message }, callback)
  t.equal(server.calls.some(({ path }) => path === '/access'), false, 'no exchange')
})

t.test('what the access token endpoint says of the login', async (t) => {
  for (const problem of ['verifier_invalid', 'token_used', 'token_expired', 'token_revoked', 'token_rejected', 'permission_unknown']) {
    const { login } = await start(t, { '/access': { status: 401, body: `oauth_problem=${problem}` } })
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_VERIFIER_REFUSED', statusCode: 400, providerError: problem })
  }
  for (const problem of ['user_refused', 'permission_denied']) {
    const { login } = await start(t, { '/access': { status: 401, body: `oauth_problem=${problem}` } })
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ACCESS_DENIED', statusCode: 403, providerError: problem })
    const { begin } = await start(t, { '/request': { status: 401, body: `oauth_problem=${problem}` } })
    t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_TOKEN_REFUSED' }, 'before the user was asked nobody can have refused')
  }
})

t.test('a problem that repeats a secret', async (t) => {
  const { login } = await start(t, { '/access': { status: 401, body: 'oauth_problem=only_letters_secret' } }, { options: { clientSecret: 'only_letters_secret' } })
  const error = await failureOf(t, login())
  t.notMatch(error.message, 'only_letters_secret')
  t.notMatch(error.providerError, 'only_letters_secret')
})

t.test('tokens', async (t) => {
  const { login, provider } = await start(t, { '/access': { status: 201, headers: { 'content-type': 'text/html' }, body: `${granted}&user_id=5&oauth_expires_in=60` } })
  const completed = await login()
  t.strictSame(completed, {
    tokens: { tokenType: 'oauth1', accessToken: 'access-token-canary', tokenSecret: 'token-secret-canary', refreshToken: undefined, idToken: undefined, scope: undefined, expiresAt: 1_700_000_060_999, claims: undefined, raw: { user_id: '5' } },
    subject: undefined,
    account: 'default',
    session: undefined
  })
  const grant = grantOf(completed)
  const { headers } = await provider.sign(grant, { method: 'GET', origin: 'https://api.example', path: '/x', contentType: undefined, body: null })
  t.match(headers.authorization, /^OAuth oauth_consumer_key="client", .*oauth_timestamp="1700000000", oauth_token="access-token-canary"/)
  t.equal(await provider.revoke(grant), false)
  t.match(await failureOf(t, provider.refresh(grant)), { code: 'FST_OAUTH_GRANT_REQUIRED' })
})

t.test('userinfo', async (t) => {
  const userinfo = async (answer: ServerAnswer, options: Partial<OAuthProviderOptions> = {}) => {
    const setup = await start(t, { '/me': answer })
    const { url } = setup.server
    const provider = await start(t, { '/me': answer }, { options: { userinfoUrl: `${url}/me?format=json`, ...options } })
    return { ...provider, calls: setup.server.calls }
  }
  const { login, calls, provider } = await userinfo({ body: { id: 7, name: 'Someone' } })
  const completed = await login()
  t.match(completed, { subject: '7', account: '7' })
  t.match(calls[0], { method: 'GET', path: '/me?format=json', headers: { authorization: /oauth_token="access-token-canary"/, accept: 'application/json' } })
  t.match(await provider.profile(grantOf(completed)), { id: '7', name: 'Someone' })
  t.match(await failureOf(t, provider.profile({ ...grantOf(completed), subject: '8' })), { code: 'FST_OAUTH_USERINFO_MISMATCH' })

  const wrong: Array<[ServerAnswer, object]> = [
    [{ status: 401, headers: { 'www-authenticate': 'OAuth oauth_problem="token_rejected"' } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /userinfo endpoint.*token_rejected/ }],
    [{ status: 404 }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 404/ }],
    [{ body: '<xml>canary</xml>' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /not JSON/ }],
    [{ body: '["canary"]' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /not an object/ }],
    [{ body: 'null' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /not an object/ }],
    [{ body: '5' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /not an object/ }],
    [{ status: 503 }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' }]
  ]
  for (const [answer, expected] of wrong) t.match(await failureOf(t, (await userinfo(answer)).login()), expected)
})

t.test('a second request for e-mail addresses is signed too', async (t) => {
  const emails = { values: [{ email: 'first@mail.example', verified: true }] }
  const { server } = await start(t, { '/me': ({ path }) => ({ body: path === '/me?emails' ? emails : { id: 7 } }) })
  const { login, provider } = await start(t, {}, {
    options: { userinfoUrl: `${server.url}/me`, profile: { id: '/id', emails: { url: `${server.url}/me?emails`, list: '/values', email: '/email', verified: '/verified' } } }
  })

  t.match(await provider.profile(grantOf(await login())), { id: '7', email: 'first@mail.example', emailVerified: true })
  t.match(server.calls.at(-1), { path: '/me?emails', headers: { authorization: /oauth_token="access-token-canary"/ } })
})
