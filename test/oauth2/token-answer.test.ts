// What real token endpoints answer to a code: RFC 6749 sections 5.1 and 5.2, and what deviates from them.
import t from 'tap'
import { byHand, failureOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer } from '../fixtures/wire-provider.js'

const plain = { access_token: 'at-canary', token_type: 'Bearer' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }

t.test('answers that mean a login', async (t) => {
  const client = await startWireLogin(t, byHand)
  const tokensOf = async (answer: WireAnswer) => {
    client.wire.on('/token', () => answer)
    return (await client.login()).tokens
  }
  const read = (body: Record<string, unknown>) => tokensOf({ body: { ...plain, ...body } })

  t.test('JSON as RFC 6749 has it', async (t) => {
    const before = Date.now()
    const { expiresAt, ...tokens } = await read({ expires_in: 3_600, refresh_token: 'rt-canary', scope: 'read write', example_parameter: { a: 1 } })
    t.strictSame(tokens, {
      tokenType: 'bearer',
      accessToken: 'at-canary',
      refreshToken: 'rt-canary',
      idToken: undefined,
      scope: ['read', 'write'],
      claims: undefined,
      raw: { example_parameter: { a: 1 } }
    })
    t.ok(expiresAt !== undefined && expiresAt >= before + 3_600_000 && expiresAt <= Date.now() + 3_600_000, 'it expires an hour from now')
  })

  t.test('form encoding, whatever its content type says', async (t) => {
    for (const headers of [form, { 'content-type': 'text/plain' }, { 'content-type': 'application/json' }]) {
      const tokens = await tokensOf({ headers, body: 'access_token=at-canary&token_type=bearer&expires_in=60&scope=read+write&refresh_token=&login=o%26o' })
      t.match(tokens, { accessToken: 'at-canary', refreshToken: undefined, scope: ['read', 'write'], raw: { login: 'o&o' } })
      t.type(tokens.expiresAt, 'number')
    }
  })

  t.test('JSON under another content type', async (t) => {
    for (const type of ['text/plain', 'text/html; charset=utf-8', 'text/javascript', 'application/vnd.api+json']) {
      t.equal((await tokensOf({ headers: { 'content-type': type }, body: plain })).accessToken, 'at-canary', type)
    }
  })

  t.test('a token_type that is missing, in capitals or made up', async (t) => {
    for (const type of [undefined, null, '', 'BEARER', 'user', 'constructor', '__proto__', 7, ['Bearer']]) {
      t.equal((await read({ token_type: type })).tokenType, 'bearer', JSON.stringify(type))
    }
    await t.rejects(read({ token_type: 'DPoP' }), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /bound to a key/ }, 'a token is bound to a key only where one was proven')
  })

  t.test('expires_in that is text counts, and states no lifetime where it is none', async (t) => {
    for (const value of ['3600', ' 60 ', '0.5', 1]) t.type((await read({ expires_in: value })).expiresAt, 'number', JSON.stringify(value))
    for (const value of [0, '0', -1, 'soon', '', null, true, [60], {}, '1e999']) t.equal((await read({ expires_in: value })).expiresAt, undefined, JSON.stringify(value))
  })

  t.test('scope as a list, with needless spaces, or not told', async (t) => {
    t.strictSame((await read({ scope: ['read', 'write'] })).scope, ['read', 'write'])
    t.strictSame((await read({ scope: ' read  write\n' })).scope, ['read', 'write'])
    t.strictSame((await read({ scope: 'read,write' })).scope, ['read', 'write'], 'GitHub and LinkedIn are asked with spaces, and answer so')
    for (const scope of [undefined, null, '', ' ', [], 5, {}]) t.equal((await read({ scope })).scope, undefined, JSON.stringify(scope))
  })

  t.test('a refresh_token that is none', async (t) => {
    for (const value of ['', null, 5, undefined]) t.equal((await read({ refresh_token: value })).refreshToken, undefined, JSON.stringify(value))
  })

  t.test('an id_token that is null', async (t) => {
    t.match(await read({ id_token: null }), { idToken: undefined, claims: undefined })
  })

  t.test('a member named error beside an access token', async (t) => {
    t.match(await read({ error: '' }), { accessToken: 'at-canary', raw: { error: '' } })
  })
})

t.test('a declared delimiter separates scopes in the request and in the answer, where spaces do too', async (t) => {
  const { wire, begin, login } = await startWireLogin(t, wire => ({ ...byHand(wire), scope: ['read', 'write'], quirks: { scopeDelimiter: ',' } }))
  wire.tokens = { scope: 'read,write admin' }

  t.equal(new URL((await begin()).url).searchParams.get('scope'), 'read,write')
  t.strictSame((await login()).tokens.scope, ['read', 'write', 'admin'])
})

const errors: Array<{ name: string, answer: WireAnswer, code: string, message: RegExp, providerError?: string }> = [
  { name: 'an error', answer: { status: 400, body: { error: 'invalid_scope' } }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /\(invalid_scope\)/, providerError: 'invalid_scope' },
  { name: 'an error with a description', answer: { status: 400, body: { error: 'invalid_request', error_description: 'redirect_uri\nis missing' } }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /\(invalid_request: redirect_uri is missing\)/, providerError: 'invalid_request' },
  { name: 'an error whose description is no text', answer: { status: 400, body: { error: 'invalid_request', error_description: { text: 'canary' } } }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /\(invalid_request: no description\)/, providerError: 'invalid_request' },
  { name: 'an error whose description is null', answer: { status: 400, body: { error: 'invalid_request', error_description: null } }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /\(invalid_request\)/, providerError: 'invalid_request' },
  { name: 'an error in a 200', answer: { body: { error: 'bad_verification_code', error_description: 'The code is incorrect.' } }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /bad_verification_code: The code is incorrect\./, providerError: 'bad_verification_code' },
  { name: 'an error in a 200, form-encoded', answer: { headers: form, body: 'error=incorrect_client_credentials&error_description=They+are+wrong' }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /incorrect_client_credentials: They are wrong/, providerError: 'incorrect_client_credentials' },
  { name: 'a 401 with WWW-Authenticate and a JSON error', answer: { status: 401, headers: { 'www-authenticate': 'Basic realm="sso"' }, body: { error: 'invalid_client' } }, code: 'FST_OAUTH_TOKEN_REFUSED', message: /\(invalid_client\)/, providerError: 'invalid_client' },
  { name: 'a 401 with WWW-Authenticate alone', answer: { status: 401, headers: { 'www-authenticate': 'Basic realm="sso"', 'content-type': 'text/plain' }, body: 'canary' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 401/ },
  { name: 'invalid_grant', answer: { status: 400, body: { error: 'invalid_grant' } }, code: 'FST_OAUTH_CODE_REFUSED', message: /authorization code \(invalid_grant\)/, providerError: 'invalid_grant' },
  { name: 'an error that is an object', answer: { status: 400, body: { error: { message: 'no such client' } } }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 400: no such client/ },
  { name: 'an HTML page for a token', answer: { headers: { 'content-type': 'text/html' }, body: '<title>canary</title>' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /as JSON/ },
  { name: 'an HTML page that says 404', answer: { status: 404, headers: { 'content-type': 'text/html' }, body: '<title>canary</title>' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 404/ },
  { name: 'nothing', answer: { body: '' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /as JSON/ },
  { name: 'no content', answer: { status: 204, body: '' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 204/ },
  { name: 'a form without a token', answer: { headers: form, body: 'token=canary' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /as JSON/ },
  { name: 'JSON that breaks off', answer: { body: '{"access_token":"at-canary","token_ty' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /as JSON/ },
  { name: 'an array', answer: { body: [plain] }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /object/ },
  { name: 'a string', answer: { body: '"at-canary"' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /object/ },
  { name: 'null', answer: { body: 'null' }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /object/ },
  { name: 'no access_token', answer: { body: { token_type: 'Bearer' } }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /access_token/ },
  { name: 'an empty access_token', answer: { body: { ...plain, access_token: '' } }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /access_token/ },
  { name: 'an access_token that is a number', answer: { body: { ...plain, access_token: 5 } }, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /access_token/ }
]

t.test('answers that mean no login: each says which, and the code is sent once', async (t) => {
  const { wire, login } = await startWireLogin(t, byHand)
  for (const { name, answer, code, message, providerError } of errors) {
    const posts = wire.to('/token').length
    wire.on('/token', () => answer)
    const error = await failureOf(t, login())
    t.match(error, { code, message, statusCode: code === 'FST_OAUTH_CODE_REFUSED' ? 400 : 502 }, name)
    t.equal(error.providerError, providerError)
    t.equal(wire.to('/token').length, posts + 1)
  }
})

t.test('an answer without the id_token that is due is refused', async (t) => {
  const { wire, login } = await startWireLogin(t)
  for (const value of [undefined, null, '', 5]) {
    wire.tokens = { id_token: value }
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', statusCode: 400 }, JSON.stringify(value))
  }
})
