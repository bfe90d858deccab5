// The table of errors, and what is kept out of them.
import Fastify from 'fastify'
import t from 'tap'
import { errorCodes, isOAuthError, oauthError, quote } from '../lib/errors.js'
import type { OAuthErrorCode } from '../lib/errors.js'
import { printed } from './fixtures/wire-login.js'

const codes = Object.keys(errorCodes) as OAuthErrorCode[]

t.test('every code of the table makes an error of its own class, with a status and a whole message', async (t) => {
  t.ok(codes.length > 30)
  for (const code of codes) {
    const error = oauthError(code, ['one', 'two', 'three'])
    t.match(error, { code, name: 'FastifyError' })
    t.ok(error.statusCode >= 400 && error.statusCode <= 504, code)
    t.ok(error instanceof Error && error instanceof errorCodes[code], code)
    t.notOk(error instanceof errorCodes[codes.find(other => other !== code) as OAuthErrorCode], 'and of no other')
    t.match(code, /^FST_OAUTH_[A-Z_]+$/)
    t.ok(isOAuthError(error))
  }
  t.ok(Object.isFrozen(errorCodes))
})

t.test('a message holds what it is told, as it is', async (t) => {
  t.equal(oauthError('FST_OAUTH_UNKNOWN_PROVIDER', ['"%s%d"', '']).message, 'No provider is registered under the name "%s%d"')
  t.equal(oauthError('FST_OAUTH_PROVIDER_TIMEOUT', ['sso', 0]).message, 'sso did not answer within 0 ms')
})

t.test('other errors are not this plugin\'s, whatever they look like', async (t) => {
  for (const other of [null, undefined, 'FST_OAUTH_ACCESS_DENIED', new Error('x'), { code: 'FST_OAUTH_ACCESS_DENIED' }, Object.assign(new Error('x'), { code: 'toString' }), Object.assign(new Error('x'), { code: 5 })]) {
    t.equal(isOAuthError(other), false)
  }
})

t.test('a cause is stripped of its payload, and keeps name, code, message and stack', async (t) => {
  class LibraryError extends Error { override name = 'LibraryError' }
  const inner = new Error('canary')
  const cause = Object.assign(new LibraryError('it broke', { cause: inner }), { code: 'E_BROKE', response: { body: 'canary' }, headers: ['canary'], parameters: new URLSearchParams('code=canary') })

  const error = oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', 'sso', 'why'], cause)

  t.match(error.cause, { name: 'LibraryError', code: 'E_BROKE', message: 'it broke', stack: /LibraryError|it broke/ })
  t.strictSame(Object.keys(error.cause as object).sort(), ['code', 'name', 'stack'].filter(key => Object.keys(error.cause as object).includes(key)).sort())
  t.notMatch(printed(error), /canary/)
  t.notMatch(JSON.stringify(error), /it broke/, 'a cause is not enumerable')
  t.match(cause, { response: { body: 'canary' } }, 'the cause itself is left as it was')
})

t.test('a cause whose message may quote what was read, and one that is no error, leave nothing but that', async (t) => {
  for (const cause of [new SyntaxError('Unexpected token: canary'), 'canary', { body: 'canary' }, 5, null]) {
    const error = oauthError('FST_OAUTH_STORE_FAILED', ['read'], cause)
    t.match(error.cause, { message: 'its message may hold secrets' })
    t.notMatch(printed(error), /canary/)
  }
  const bare = new Error('without a stack')
  Object.assign(bare, { stack: undefined, code: 5 })
  const { cause } = oauthError('FST_OAUTH_STORE_FAILED', ['read'], bare)
  t.match(cause, { message: 'without a stack', stack: 'without a stack' })
  t.notOk(Object.hasOwn(cause as object, 'code'))
})

t.test('an error of this plugin is a cause as it is', async (t) => {
  const cause = oauthError('FST_OAUTH_PROVIDER_UNREACHABLE', ['sso', 'ECONNREFUSED'])

  t.equal(oauthError('FST_OAUTH_STORE_FAILED', ['read'], cause).cause, cause)
  t.equal(oauthError('FST_OAUTH_STORE_FAILED', ['read']).cause, undefined)
})

t.test('details: an API\'s answer is there for the caller, and for no logger', async (t) => {
  const response = { statusCode: 418, headers: { 'set-cookie': 'canary' }, body: 'canary' }

  const error = oauthError('FST_OAUTH_API_ERROR', ['sso', 418], undefined, { response, retryAfter: 7, providerError: 'invalid_grant', returnTo: '/home' })

  t.equal(error.response, response)
  t.match(error, { retryAfter: 7, providerError: 'invalid_grant', returnTo: '/home' })
  t.notMatch(JSON.stringify(error), /canary/)
  t.strictSame(Object.keys(error).includes('response'), false)
})

t.test('when to try again is sent by Fastify\'s own error handler, and not logged as a header', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const error = oauthError('FST_OAUTH_PROVIDER_UNAVAILABLE', ['sso', 503], undefined, { retryAfter: 7 })
  app.get('/', async () => { throw error })

  const response = await fetch(await app.listen({ port: 0, host: '127.0.0.1' }))

  t.equal(response.headers.get('retry-after'), '7')
  t.match(await response.json(), { statusCode: 503, code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', message: 'sso is not available (status 503)' })
  t.notOk(Object.keys(error).includes('headers'))
})

t.test('a text of a provider is cut down to what may stand in a message', async (t) => {
  t.equal(quote('plain'), 'plain')
  t.equal(quote('two\r\nlines\u001b[31m \u202eünicode'), 'two  lines [31m   nicode')
  t.equal(quote('x'.repeat(200)), 'x'.repeat(200))
  t.equal(quote('x'.repeat(201)), `${'x'.repeat(200)}...`)
  for (const nothing of [undefined, null, '', 5, {}, ['a']]) t.equal(quote(nothing), 'no description')
})

t.test('a text of a provider loses the secrets that it repeats, wherever they stand, also as they were sent', async (t) => {
  t.equal(quote('code 4/0A+b= is used, 4/0A+b= again', ['4/0A+b=', undefined]), 'code [secret] is used, [secret] again')
  t.equal(quote('body: code=4%2F0A%2Bb%3D&x', ['4/0A+b=']), 'body: code=[secret]&x')
  t.equal(quote('abc', ['abc', '']), 'abc', 'what is too short to be a secret would only tear the text to pieces')
  t.notMatch(quote('canary-of-some-length '.repeat(300), ['canary-of-some-length']), /canary/, 'before the text is cut')
  t.notMatch(quote('key ä-canary-ö', ['ä-canary-ö']), /canary/, 'and before it is cleaned')
  t.equal(quote('lone \ud800 surrogate', ['secret\ud800']), 'lone   surrogate')
})
