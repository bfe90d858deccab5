// What providers may answer that is not what it should be: each ends in a typed error with a message, nothing secret in it, and nothing is lost.
import t from 'tap'
import type { Test } from 'tap'
import { unsigned } from '../fixtures/id-tokens.js'
import { failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireLogin } from '../fixtures/wire-login.js'
import type { Endpoint, WireAnswer } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const typed = /^FST_OAUTH_/

/** The failure is typed, has a sentence that names the provider, and the next right answer is taken. */
async function failed (t: Test, name: string, run: Promise<unknown>): Promise<void> {
  const error = await failureOf(t, run)
  t.match(error.code, typed, name)
  t.ok(error.statusCode >= 400 && error.statusCode < 600, name)
  t.match(error.message, /wire/, name)
  t.ok(error.message.length < 900, name)
}

const bodies: Array<[string, WireAnswer]> = [
  ['nothing', { body: '' }], ['a space', { body: ' ' }], ['null', { body: 'null' }], ['a number', { body: '7' }], ['a text', { body: '"canary"' }], ['true', { body: 'true' }],
  ['an array', { body: [] }], ['an array of objects', { body: [{}] }], ['an empty object', { body: {} }], ['half an object', { body: '{"access_token":"canary' }],
  ['two objects', { body: '{}{}' }], ['a byte order mark', { body: '\ufeff\ufeff{}' }], ['NaN', { body: 'NaN' }], ['HTML', { body: '<!doctype html><h1>canary</h1>', headers: { 'content-type': 'text/html' } }],
  ['XML', { body: '<?xml version="1.0"?><canary/>' }], ['binary', { body: Buffer.from([0, 255, 254, 1]) }], ['deep nesting', { body: '['.repeat(20_000) }],
  ['204', { status: 204, body: '' }], ['201 with nothing', { status: 201, body: '' }], ['302', { status: 302, headers: { location: '/nowhere' } }], ['304', { status: 304, body: '' }],
  ['307 without a location', { status: 307, body: '' }], ['400 with nothing', { status: 400, body: '' }], ['400 as HTML', { status: 400, body: '<b>canary</b>' }], ['401 with nothing', { status: 401, body: '' }],
  ['401 with a challenge', { status: 401, headers: { 'www-authenticate': 'Basic realm="canary"' }, body: '' }], ['403 with nothing', { status: 403, body: '' }], ['404', { status: 404, body: 'canary' }],
  ['418', { status: 418, body: 'canary' }], ['429', { status: 429, body: 'canary' }], ['500', { status: 500, body: 'canary' }], ['503', { status: 503, headers: { 'retry-after': 'canary' }, body: '' }], ['599', { status: 599, body: 'canary' }]
]

/** Each of these at one endpoint, and then the right answer. */
async function allBodies (t: Test, client: WireLogin, path: Endpoint, { run, but = [], more = [] }: { run: () => Promise<unknown>, but?: string[], more?: typeof bodies }): Promise<void> {
  for (const [name, answer] of [...bodies, ...more]) {
    if (but.includes(name)) continue
    client.wire.on(path, () => answer)
    await failed(t, `${path}: ${name}`, run())
  }
  client.wire.handlers.delete(path)
  // A key that is not known is looked for once a minute.
  client.ahead = 61_000
  await t.resolves(run(), 'nothing is lost')
}

t.test('answers of the token endpoint', async (t) => {
  const client = await startWireLogin(t)
  const right = { access_token: 'access-token-canary', token_type: 'Bearer' }
  await allBodies(t, client, '/token', {
    run: () => client.login(),
    more: [
      ['no access token', { body: { token_type: 'Bearer' } }], ['an access token that is empty', { body: { ...right, access_token: '' } }], ['an access token that is a number', { body: { ...right, access_token: 5 } }],
      ['an access token that is a list', { body: { ...right, access_token: ['canary'] } }], ['no id_token', { body: right }], ['an id_token that is null', { body: { ...right, id_token: null } }],
      ['an id_token that is a number', { body: { ...right, id_token: 7 } }], ['an id_token that is empty', { body: { ...right, id_token: '' } }], ['an id_token of two parts', { body: { ...right, id_token: 'canary.canary' } }],
      ['an id_token of five parts', { body: { ...right, id_token: 'a.canary.c.d.e' } }], ['an id_token that is no base64url', { body: { ...right, id_token: '!.!.!' } }],
      ['an error without a name', { status: 400, body: { error: '' } }], ['an error that is an object', { status: 400, body: { error: { canary: 1 } } }], ['an error that is a list', { status: 400, body: { error: ['canary'] } }],
      ['an error in a 200', { body: { error: 'invalid_grant' } }], ['an error of 403', { status: 403, body: { error: 'invalid_grant' } }], ['an error as a form', { status: 400, body: 'error=invalid_grant' }],
      ['a token bound to a key that was none', { body: { ...right, token_type: 'DPoP', id_token: 'a.b.c' } }]
    ]
  })
})

t.test('id_tokens', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const now = Math.floor(Date.now() / 1_000)
  const wrong: Record<string, unknown> = { iss: [undefined, 5, '', {}, 'https://other.example'], aud: [undefined, 5, '', [], [5], {}, 'other'], exp: [undefined, '1', 0, -1, null, now - 100], iat: [undefined, 'x', now + 1_000, null], sub: [undefined, 5, '', null, []], nonce: [undefined, '', 5, null, 'other'], azp: [5, '', null, 'other'], nbf: [now + 1_000, 'x'], auth_time: ['x', -5], at_hash: [5, '', 'canary'], c_hash: [5, 'canary'] }
  for (const [claim, values] of Object.entries(wrong)) {
    for (const value of values as unknown[]) {
      wire.claims = { [claim]: value }
      await failed(t, `${claim}: ${JSON.stringify(value)}`, login())
    }
  }
  wire.claims = {}
  const forged: Array<[string, Record<string, unknown>]> = [['no algorithm', {}], ['none', { alg: 'none' }], ['NONE', { alg: 'NONE' }], ['HS256', { alg: 'HS256' }], ['HS512', { alg: 'HS512' }], ['an algorithm that is a number', { alg: 5 }], ['an unknown one', { alg: 'XX256' }], ['crit', { alg: 'RS256', crit: ['b64'] }]]
  for (const [name, header] of forged) {
    wire.forge = claims => `${unsigned(header, claims)}AAAA`
    await failed(t, `header: ${name}`, login())
  }
  for (const [name, claims] of [['a list', []], ['a text', 'canary'], ['null', null]] as const) {
    wire.forge = () => `${unsigned({ alg: 'RS256' }, claims)}AAAA`
    await failed(t, `claims: ${name}`, login())
  }
  delete wire.forge
  await t.resolves(login())
})

t.test('keys', async (t) => {
  const keys: unknown[] = [5, 'canary', {}, null, [null], ['canary'], [[]], [{}], [{ kty: 'RSA' }], [{ kty: 'oct', k: 'canary' }], [{ kty: 'RSA', kid: 'key-1', n: '!', e: 5 }], [{ kty: 'EC', kid: 'key-1', crv: 'P-256', x: 'a', y: 'b' }]]
  const client = await startWireLogin(t)
  await allBodies(t, client, '/jwks', { run: () => client.login(), more: keys.map(value => [`keys ${JSON.stringify(value)}`, { body: { keys: value } }]), but: [] })
})

t.test('metadata', async (t) => {
  const client = await startWireLogin(t)
  const members: Record<string, unknown[]> = { issuer: [5, '', null, {}, 'x', 'https://other.example'], authorization_endpoint: [5, '', {}, [], 'x', 'ftp://a.example', 'javascript:1'], token_endpoint: [5, '', {}, 'data:,x'], jwks_uri: [5, '', 'x', 'file:///etc/passwd'], userinfo_endpoint: [5, 'x'], code_challenge_methods_supported: [[], ['plain'], ['none']] }
  for (const [name, values] of Object.entries(members)) {
    for (const value of values) {
      client.wire.metadata = { [name]: value }
      await failed(t, `${name}: ${JSON.stringify(value)}`, client.begin())
    }
  }
  client.wire.metadata = {}
  await allBodies(t, client, '/.well-known/openid-configuration', { run: () => client.begin() })
})

t.test('callbacks', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const changes: Array<[string, (callback: URLSearchParams) => void]> = [
    ['nothing', callback => { for (const name of [...callback.keys()]) callback.delete(name) }], ['no code', callback => callback.delete('code')], ['an empty code', callback => callback.set('code', '')], ['no state', callback => callback.delete('state')],
    ['another state', callback => callback.set('state', 'x')], ['two codes', callback => callback.append('code', 'x')], ['two states', callback => callback.append('state', 'x')], ['two iss', callback => { callback.append('iss', wire.issuer); callback.append('iss', wire.issuer) }],
    ['another iss', callback => callback.set('iss', 'https://other.example')], ['an id_token', callback => callback.set('id_token', 'a.b.c')], ['a token', callback => callback.set('token', 'canary')], ['a signed response that was not asked for', callback => callback.set('response', 'a.b.c')],
    ['two errors', callback => { callback.append('error', 'x'); callback.append('error', 'y') }], ['an error with controls', callback => callback.set('error', '\u0000\u001b[31m')], ['an error of 100 kB', callback => callback.set('error', 'x'.repeat(100_000))], ['login_required', callback => callback.set('error', 'login_required')]
  ]
  for (const [name, change] of changes) await failed(t, name, login(change))
  t.equal(wire.to('/token').length, 0, 'no code was sent')
})

t.test('userinfo', async (t) => {
  const client = await startWireLogin(t)
  const grant = grantOf(await client.login())
  const values: unknown[] = [{ sub: 5 }, { sub: '' }, { sub: null }, { sub: ['user-1'] }, { sub: 'user-2' }, { name: 'canary' }]
  await allBodies(t, client, '/userinfo', { run: () => client.provider.profile(grant), more: values.map(body => [JSON.stringify(body), { body }]) })
  for (const body of ['', 'canary', 'a.b.c', unsigned({ alg: 'none' }, { sub: 'user-1' }), unsigned({ alg: 'HS256' }, { sub: 'user-1' }), await client.wire.idToken({ sub: 'user-1', aud: 'other' }), await client.wire.idToken({ sub: 'user-1', iss: 'https://other.example' }), await client.wire.idToken({ sub: 'user-1', exp: 5 })]) {
    client.wire.on('/userinfo', () => ({ headers: { 'content-type': 'application/jwt' }, body }))
    await failed(t, 'signed userinfo', client.provider.profile(grant))
  }
})

t.test('deviations that are none: they are taken', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.claims = { aud: [wire.clientId] }
  for (const tokens of [{ token_type: 'bearer' }, { token_type: 'BEARER' }, { token_type: undefined }, { scope: undefined }, { scope: '' }, { scope: null }, { scope: ['openid'] }, { expires_in: '3600' }, { expires_in: 0 }, { expires_in: null }, { refresh_token: null }, { authorization_details: 'x' }, { authorization_details: [5] }]) {
    wire.tokens = tokens
    t.equal((await login()).subject, 'user-1', JSON.stringify(tokens))
  }
})
