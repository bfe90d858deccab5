// OAuth 1.0a at the fake provider: the three steps of RFC 5849 section 2, and what is refused.
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { sign } from '../../lib/oauth1/index.js'
import type { OAuth1Credentials, OAuth1SignatureMethod } from '../../lib/oauth1/index.js'
import type { FakeProviderSettings } from '../../lib/testing/index.js'
import { visitProvider } from '../../lib/testing/user-agent.js'
import { startFake } from '../fixtures/fake-app.js'
import { clientOf, sendSigned } from '../fixtures/fake-client.js'
import type { FakeReply } from '../fixtures/fake-client.js'

const callback = 'https://app.example.com/callback'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

async function start (t: Test, settings: FakeProviderSettings = {}, listens = false) {
  const fake = await startFake(t, { protocol: 'oauth1', ...settings }, listens)
  const client = clientOf(fake)
  const temporary = (signing: Parameters<typeof sendSigned>[2] = {}, path = '/temporary') => sendSigned(client, `${fake.url}${path}`, { callback, ...signing })
  const visit = async (token: string, { deny = false, query = '' } = {}) => {
    const { url } = await visitProvider(`${fake.url}/authorize?oauth_token=${token}${query}`, fake.dispatcher, { user: 'user-1', deny, scope: undefined })
    return Object.fromEntries(url.searchParams)
  }
  const exchange = (credentials: Partial<OAuth1Credentials>, path = '/token') => sendSigned(client, `${fake.url}${path}`, credentials)
  return { fake, client, temporary, visit, exchange }
}

const tokensOf = ({ form: { oauth_token: token, oauth_token_secret: tokenSecret } }: FakeReply) => ({ token: String(token), tokenSecret: String(tokenSecret) })

/** All three steps; answers the token credentials and what is needed to use them. */
async function logIn (t: Test, settings: FakeProviderSettings = {}, signing: Partial<OAuth1Credentials> = {}) {
  const started = await start(t, settings)
  const temporary = tokensOf(await started.temporary(signing))
  const { oauth_verifier: verifier } = await started.visit(temporary.token)
  const answer = await started.exchange({ ...signing, ...temporary, verifier })
  return { ...started, temporary, verifier, answer, ...tokensOf(answer) }
}

for (const listens of [false, true]) {
  t.test(`three steps and a call, ${listens ? 'over loopback' : 'in the process'}`, async (t) => {
    const { fake, client, temporary, visit, exchange } = await start(t, {}, listens)

    const first = await temporary()
    t.match(first, { status: 200, headers: { 'content-type': 'application/x-www-form-urlencoded' }, form: { oauth_callback_confirmed: 'true' } })
    const back = await visit(tokensOf(first).token)
    t.equal(back.oauth_token, tokensOf(first).token)
    const second = await exchange({ ...tokensOf(first), verifier: back.oauth_verifier })
    t.match(second, { status: 200, form: { oauth_token: /^fake-access-/, oauth_token_secret: /./ } })

    t.match(await sendSigned(client, `${fake.url}/userinfo`, tokensOf(second), { method: 'GET' }), { status: 200, json: { sub: 'user-1', name: 'First User' } })
    const called = await sendSigned(client, `${fake.url}/api/items?a=1&a=2`, { ...tokensOf(second), contentType: 'application/x-www-form-urlencoded' }, { body: 'b=3+4' })
    t.match(called, { status: 200, json: { sub: 'user-1', method: 'POST', body: 'b=3+4' } })
    t.match(fake.requests.map(({ endpoint }) => endpoint), ['temporary', 'authorize', 'authorize', 'authorize', 'token', 'userinfo', 'api'])
  })
}

t.test('every signature method, also with the client\'s own key', async (t) => {
  const methods: OAuth1SignatureMethod[] = ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512', 'PLAINTEXT']
  for (const signatureMethod of methods) {
    const { fake, client, answer, token, tokenSecret } = await logIn(t, {
      clients: [{ clientId: 'fake-client', clientSecret: 'fake-client-secret', publicKey: rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString() }]
    }, { signatureMethod, privateKey: rsa.privateKey, bodyHash: true })
    t.equal(answer.status, 200, signatureMethod)
    const call = await sendSigned(client, `${fake.url}/api/x`, { token, tokenSecret, signatureMethod, privateKey: rsa.privateKey, bodyHash: true, contentType: 'application/json' }, { body: '{"ä":1}' })
    t.match(call, { status: 200, json: { body: '{"ä":1}' } }, `${signatureMethod} with a body`)
  }
})

t.test('parameters in the query or in a form count as those of the header do', async (t) => {
  const { fake, client } = await start(t)
  const url = `${fake.url}/temporary`
  const signed = () => sign({ method: 'POST', url }, { clientId: 'fake-client', clientSecret: 'fake-client-secret', callback }).parameters

  t.match(await client.send(url, { method: 'POST', query: signed() }), { status: 200 })
  t.match(await client.send(url, { form: signed() }), { status: 200 })
  const twice = await client.send(url, { form: signed(), query: { oauth_nonce: 'x' } })
  t.match(twice, { status: 400, form: { oauth_problem: 'parameter_rejected' }, headers: { 'www-authenticate': /oauth_problem="parameter_rejected"/ } })
})

t.test('requests that are refused, with their problem', async (t) => {
  const { fake, client, temporary, token, tokenSecret } = await logIn(t, { api: { '/closed': { scope: ['admin'] } }, quirks: { signatureMethods: ['HMAC-SHA1', 'PLAINTEXT'] } })
  const call = (signing: Parameters<typeof sendSigned>[2], body?: Parameters<typeof sendSigned>[3], path = '/api/x') => sendSigned(client, `${fake.url}${path}`, { token, tokenSecret, ...signing }, body)
  const refusals: Array<[string, number, Promise<FakeReply>]> = [
    ['consumer_key_unknown', 401, call({ clientId: 'nobody' })],
    ['signature_method_rejected', 400, call({ signatureMethod: 'HMAC-SHA256' })],
    ['signature_method_rejected', 400, client.send('/api/x', { headers: { authorization: 'OAuth oauth_consumer_key="fake-client"' } })],
    ['token_rejected', 401, call({ token: 'nothing' })],
    ['signature_invalid', 401, call({ tokenSecret: 'wrong' })],
    ['signature_invalid', 401, client.send('/api/x', { headers: { authorization: `OAuth oauth_consumer_key="fake-client", oauth_token="${token}", oauth_signature_method="PLAINTEXT"` } })],
    ['timestamp_refused', 401, call({ timestamp: Math.floor(fake.clock() / 1_000) - 301 })],
    ['permission_denied', 403, call({}, {}, '/api/closed')]
  ]
  for (const [problem, status, reply] of refusals) {
    const { status: answered, headers } = await reply
    t.equal(answered, status, problem)
    t.match(headers['www-authenticate'], new RegExp(`^OAuth realm="[^"]+", oauth_problem="${problem}"`))
  }
  t.match(await call({ nonce: 'the-same', timestamp: Math.floor(fake.clock() / 1_000) }), { status: 200 })
  t.match(await call({ nonce: 'the-same', timestamp: Math.floor(fake.clock() / 1_000) }), { status: 401, json: { error: 'nonce_used' } })
  t.match(await sendSigned(client, `${fake.url}/token`, temporary), { status: 401, form: { oauth_problem: 'token_rejected' } }, 'temporary credentials are good once')
})

/** Parameters in a form, signed by PLAINTEXT: each of them can be made wrong. */
function plain (token: string, tokenSecret: string, more: Record<string, string> = {}) {
  return { oauth_consumer_key: 'fake-client', oauth_token: token, oauth_signature_method: 'PLAINTEXT', oauth_signature: `fake-client-secret&${tokenSecret}`, ...more }
}

t.test('PLAINTEXT needs no timestamp and nonce, but both or neither', async (t) => {
  const { client, token, tokenSecret } = await logIn(t)
  t.match(await client.send('/api/x', { form: plain(token, tokenSecret) }), { status: 200 })
  for (const half of [{ oauth_nonce: 'n' }, { oauth_timestamp: '1' }] as Array<Record<string, string>>) {
    t.match(await client.send('/api/x', { form: plain(token, tokenSecret, half) }), { status: 400, json: { error: 'parameter_absent' } })
  }
  t.match(await client.send('/api/x', { form: plain(token, tokenSecret, { oauth_nonce: 'n', oauth_timestamp: 'noon' }) }), { status: 401, json: { error: 'timestamp_refused' } })
  t.match(await client.send('/api/x', { form: plain(token, tokenSecret, { oauth_version: '2.0' }) }), { status: 400, json: { error: 'version_rejected' } })
})

t.test('a body hash is that of the body, and never one of a form', async (t) => {
  const { client, token, tokenSecret } = await logIn(t)
  const query = plain(token, tokenSecret, { oauth_body_hash: 'AAAA' })
  t.match(await client.send('/api/x', { query, body: '{}' }), { status: 401, json: { error: 'body_hash_invalid' } })
  t.match(await client.send('/api/x', { query, form: { a: '1' } }), { status: 400, json: { error: 'parameter_rejected' } })
})

t.test('a callback is needed, one of the client\'s; oob is one too', async (t) => {
  const { fake, temporary, visit, client, exchange } = await start(t, { clients: [{ clientId: 'fake-client', clientSecret: 'fake-client-secret', redirectUris: [callback] }] })
  t.match(await temporary({ callback: undefined }), { status: 400, form: { oauth_problem: 'parameter_absent' } })
  for (const other of ['https://elsewhere.example/', 'nonsense']) t.match(await temporary({ callback: other }), { status: 400, form: { oauth_problem: 'parameter_rejected' } })

  const oob = tokensOf(await temporary({ callback: 'oob' }))
  await t.rejects(visit(oob.token), { message: /status 200/ }, 'the browser stays at the provider')
  const open = async (credentials: { token: string }, decision: string) => {
    const login = await client.send('/authorize', { query: { oauth_token: credentials.token } })
    const interaction = String(/name="interaction" value="([^"]+)"/.exec(login.text)?.[1])
    await client.send('/authorize/login', { form: { interaction, username: 'user-1' } })
    return client.send('/authorize/consent', { form: { interaction, decision } })
  }
  const second = tokensOf(await temporary({ callback: 'oob' }))
  const verifier = String(/<code>([^<]+)</.exec((await open(second, 'allow')).text)?.[1])
  t.match(await exchange({ ...second, verifier }), { status: 200 })
  t.match(await open(tokensOf(await temporary({ callback: 'oob' })), 'deny'), { status: 403, text: /the user said no/ })
  t.equal(fake.requests.at(-1)?.path, '/authorize/consent')
})

t.test('temporary credentials are good for one answer, and for ten minutes', async (t) => {
  const { fake, client, temporary, visit, exchange } = await start(t)
  const first = tokensOf(await temporary())
  t.match(await exchange(first), { status: 401, form: { oauth_problem: 'permission_unknown' } })
  const opened = await Promise.all([1, 2].map(() => client.send('/authorize', { query: { oauth_token: first.token } })))
  const [one, two] = opened.map(({ text }) => String(/name="interaction" value="([^"]+)"/.exec(text)?.[1]))
  for (const interaction of [one, two]) await client.send('/authorize/login', { form: { interaction: String(interaction), username: 'user-1' } })
  const answer = await client.send('/authorize/consent', { form: { interaction: String(one), decision: 'allow' } })
  const verifier = String(new URL(String(answer.headers.location)).searchParams.get('oauth_verifier'))
  t.match(await client.send('/authorize', { query: { oauth_token: first.token } }), { status: 400, text: /unknown, used or too old/ })
  t.match(await exchange({ ...first, verifier: 'another' }), { status: 401, form: { oauth_problem: 'token_rejected' } })
  t.match(await exchange({ ...first, verifier }), { status: 200 })
  t.match(await client.send('/authorize/consent', { form: { interaction: String(two), decision: 'allow' } }), { status: 400, text: /answered already/ })

  const late = tokensOf(await temporary())
  fake.clock.advance(600_000)
  await t.rejects(visit(late.token), { message: /too old/ })
  t.match(await exchange(late), { status: 401, form: { oauth_problem: 'token_rejected' } })
  const others = tokensOf(await temporary())
  t.match(await exchange({ ...others, clientId: 'nobody' }), { status: 401, form: { oauth_problem: 'consumer_key_unknown' } })
})

t.test('a refusal by the user, in each of the ways it comes back', async (t) => {
  const came = async (denial?: 'verifier' | 'bare' | 'denied') => {
    const { temporary, visit } = await start(t, { quirks: denial === undefined ? {} : { denial } })
    const { token } = tokensOf(await temporary())
    return JSON.parse(JSON.stringify(await visit(token, { deny: true })).replaceAll(token, 'TOKEN'))
  }
  t.strictSame(await came(), { oauth_token: 'TOKEN', oauth_problem: 'user_refused' })
  t.strictSame(await came('verifier'), { oauth_token: 'TOKEN', oauth_verifier: 'denied' })
  t.strictSame(await came('bare'), { oauth_token: 'TOKEN' })
  t.strictSame(await came('denied'), { denied: 'TOKEN' })
})

t.test('quirks: revision 1.0, one URL, GET, JSON, lifetimes, identity, scopes, parameters of the page', async (t) => {
  const old = await start(t, { quirks: { verifier: 'absent', callbackOn: 'authorize', callbackParams: { realm: 'x' } } })
  const first = await old.temporary({ callback: undefined })
  t.notOk('oauth_callback_confirmed' in first.form)
  await t.rejects(old.visit(tokensOf(first).token), { message: /no callback/ })
  const query = `&oauth_callback=${encodeURIComponent(callback)}`
  t.strictSame(await old.visit(tokensOf(first).token, { query }), { realm: 'x', oauth_token: tokensOf(first).token })
  t.match(await old.exchange(tokensOf(first)), { status: 200 })

  const one = await start(t, { quirks: { oneUrl: true, tokenMethod: 'GET', tokenFormat: 'json', expires: 'string', identityIn: 'user_id' } })
  t.match(await one.temporary(), { status: 405, form: { oauth_problem: 'method_not_allowed' } })
  const get = (credentials: Partial<OAuth1Credentials>) => sendSigned(one.client, `${one.fake.url}/temporary`, credentials, { method: 'GET' })
  const { json } = await get({ callback })
  const temporary = { token: String(json.oauth_token), tokenSecret: String(json.oauth_token_secret) }
  const { oauth_verifier: verifier } = await one.visit(temporary.token)
  t.match((await get({ ...temporary, verifier })).json, { oauth_token: /^fake-access/, oauth_expires_in: '3600', user_id: 'user-1' })
  t.match(await one.client.send('/token', { method: 'POST' }), { status: 404 })

  const scoped = await start(t, { quirks: { scopeParam: 'perms', requiredParams: { name: '' } }, api: { '/w': { scope: ['write'] } } })
  const asked = tokensOf(await scoped.temporary())
  await t.rejects(scoped.visit(asked.token), { message: /name is missing/ })
  const back = await scoped.visit(asked.token, { query: '&name=App&perms=write' })
  const tokens = tokensOf(await scoped.exchange({ ...asked, verifier: back.oauth_verifier }))
  t.match(await sendSigned(scoped.client, `${scoped.fake.url}/api/w`, tokens, { method: 'GET' }), { status: 200 })
})

t.test('faults: refused, another token, no token', async (t) => {
  const { fake, temporary, visit } = await start(t)
  const { token } = tokensOf(await temporary())
  fake.faults.next('wrong-state')
  t.match(await visit(token), { oauth_token: 'a-token-that-nobody-asked-for' })
  fake.faults.next('no-state')
  t.notOk('oauth_token' in await visit(tokensOf(await temporary()).token))
  for (const name of ['access_denied', 'server_error', 'temporarily_unavailable'] as const) {
    fake.faults.next(name)
    t.match(await visit(tokensOf(await temporary()).token), { oauth_problem: 'user_refused' })
  }
})

t.test('what an application is told of it', async (t) => {
  const { fake } = await start(t)
  t.match(fake.options, { requestTokenUrl: `${fake.url}/temporary`, authorizeUrl: `${fake.url}/authorize`, accessTokenUrl: `${fake.url}/token`, clientId: 'fake-client', clientSecret: 'fake-client-secret' })
  const rsaOnly = await start(t, { clients: [{ clientId: 'signs-itself' }], quirks: { oneUrl: true } })
  t.match(rsaOnly.fake.options, { clientId: 'signs-itself', accessTokenUrl: `${rsaOnly.fake.url}/temporary` })
  t.notOk('clientSecret' in rsaOnly.fake.options)
})
