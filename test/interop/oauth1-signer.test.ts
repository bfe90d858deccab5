// The signer of OAuth 1.0a against a server in another language: whole exchanges and API calls that oauthlib verifies.
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { sign } from '../../lib/oauth1/index.js'
import { OAuth1Exchange, callback, form, signatureMethods } from '../fixtures/oauth1-exchange.js'
import type { Call } from '../fixtures/oauth1-exchange.js'
import { startOAuthlibServer } from '../fixtures/oauthlib-server.js'
import type { OAuth1Credentials } from '../../types/oauth1.js'

const exchange = new OAuth1Exchange(await startOAuthlibServer(t))

// Duplicates out of order, UTF-8, both forms of a space, an encoded plus, no value, no name, reserved characters, `=` in a value.
const data = 'b=2&a=2&a=1&a=%31&caf%C3%A9=%F0%9F%8D%B5&plus=1+1&space=1%201&real=1%2B1&flag&none=&=nameless&marks=!*\'()~-._&eq=a=b&pct=100%25&a%5B%5D=1&&url=http%3A%2F%2Fx%2F%3Fy%26z'
const multipart = 'multipart/form-data; boundary=part'
const photos: Call = { method: 'GET', path: 'photos' }

const calls: Array<Call & { what: string }> = [
  { what: 'GET', ...photos },
  { what: 'GET with a query', method: 'GET', path: `photos?${data}` },
  { what: 'GET with a query that fetch has to encode', method: 'GET', path: 'photos?q=größe "x" <y>' },
  { what: 'GET of an encoded path', method: 'GET', path: 'a%20b/%C3%A4%2F/x;v=1/~me/(1)!/@:$,' },
  { what: 'POST of a form', method: 'POST', path: 'photos', contentType: form, body: data },
  { what: 'POST of a form with a charset, and a query', method: 'POST', path: 'photos?a=0&b', contentType: `${form}; charset=UTF-8`, body: data },
  { what: 'POST of URLSearchParams', method: 'POST', path: 'photos', contentType: form, body: new URLSearchParams({ 'a b': 'ü ~*\'()', c: '+' }).toString() },
  { what: 'POST of an empty form', method: 'POST', path: 'photos', contentType: form, body: '' },
  { what: 'POST of JSON', method: 'POST', path: 'photos?a=1', contentType: 'application/json', body: '{"a":"1&b=2"}' },
  { what: 'PUT of JSON', method: 'PUT', path: 'photos/1', contentType: 'application/json', body: '{"a":"ü"}' },
  { what: 'PUT of a form', method: 'PUT', path: 'photos/1', contentType: form, body: data },
  { what: 'PATCH of JSON', method: 'PATCH', path: 'photos/1', contentType: 'application/json', body: '{}' },
  { what: 'DELETE', method: 'DELETE', path: `photos/1?${data}` },
  { what: 'POST of a multipart form, which is not signed', method: 'POST', path: 'photos', contentType: multipart, body: '--part\r\ncontent-disposition: form-data; name="a"\r\n\r\n1&b=2\r\n--part--\r\n' }
]

const tampered: Array<{ what: string, call: Call, sent: Partial<Call> }> = [
  { what: 'a value of the query', call: { method: 'GET', path: 'photos?a=1&b=2' }, sent: { path: 'photos?a=1&b=3' } },
  { what: 'one more parameter', call: { method: 'GET', path: 'photos?a=1' }, sent: { path: 'photos?a=1&admin' } },
  { what: 'one of two equal parameters', call: { method: 'GET', path: 'photos?a=1&a=1' }, sent: { path: 'photos?a=1' } },
  { what: 'the path', call: { method: 'GET', path: 'photos/1' }, sent: { path: 'photos/2' } },
  { what: 'the method', call: { method: 'GET', path: 'photos/1' }, sent: { method: 'DELETE' } },
  { what: 'a value of the form', call: { method: 'POST', path: 'photos', contentType: form, body: 'a=1' }, sent: { body: 'a=2' } },
  { what: 'a plus for its encoded form', call: { method: 'POST', path: 'photos', contentType: form, body: 'a=1%2B1' }, sent: { body: 'a=1+1' } }
]

for (const signatureMethod of signatureMethods) {
  const signsRequests = signatureMethod !== 'PLAINTEXT'

  t.test(signatureMethod, async (t) => {
    const credentials = await exchange.threeLegs(signatureMethod)

    for (const { what, ...call } of calls) {
      t.test(`${what} is accepted`, async (t) => {
        await exchange.accepted(t, call, exchange.authorize(call, credentials))
        await exchange.accepted(t, call, exchange.authorize(call, { ...credentials, realm: 'photos' }, { version: null }))
        await exchange.accepted(t, call, exchange.authorize(call, { ...credentials, bodyHash: true }))
      })
    }

    for (const { what, call, sent } of tampered) {
      t.test(`changed on the way: ${what}`, async (t) => {
        const authorization = exchange.authorize(call, credentials)
        const changed = { ...call, ...sent }
        // PLAINTEXT signs nothing: the connection has to protect the request (RFC 5849 section 3.4.4).
        if (!signsRequests) return exchange.accepted(t, changed, authorization)
        t.same((await exchange.refused(t, changed, authorization)).failed, ['signature'])
      })
    }

    t.test('changed on the way: a body that is no form, which only its hash protects', async (t) => {
      const call = { method: 'POST', path: 'photos', contentType: 'application/json', body: '{"a":1}' }
      const changed = { ...call, body: '{"a":2}' }
      await exchange.accepted(t, changed, exchange.authorize(call, credentials))
      const authorization = exchange.authorize(call, { ...credentials, bodyHash: true })
      if (!signsRequests) return exchange.accepted(t, changed, authorization)
      t.same((await exchange.refused(t, changed, authorization)).failed, ['body_hash'])
    })

    t.test('what was sent before is refused', async (t) => {
      const authorization = exchange.authorize(photos, credentials)
      await exchange.accepted(t, photos, authorization)
      t.same((await exchange.refused(t, photos, authorization)).failed, ['nonce'])
      const old = exchange.authorize(photos, credentials, { timestamp: Math.floor(Date.now() / 1000) - 3_600 })
      t.match(await exchange.refused(t, photos, old), { failed: ['invalid_request'], description: /^Timestamp given is invalid/ })
    })

    t.test('another key is refused, and another token', async (t) => {
      const others: OAuth1Credentials[] = signatureMethod.startsWith('RSA')
        ? [{ ...credentials, privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }]
        : [{ ...credentials, clientSecret: `${credentials.clientSecret} ` }, { ...credentials, tokenSecret: 'another' }]
      for (const other of others) t.same((await exchange.refused(t, photos, exchange.authorize(photos, other))).failed, ['signature'])
      const unknown = exchange.authorize(photos, { ...credentials, token: 'noSuchTokenWasEverIssued' })
      t.ok((await exchange.refused(t, photos, unknown)).failed.includes('resource_owner'))
    })

    t.test('token credentials are also had with GET, and without a callback', async (t) => {
      const client = exchange.clientFor(signatureMethod)
      const temporary = await exchange.temporaryCredentials(client, 'oob')
      const verifier = await exchange.verifierFor(temporary.token)
      const issued = await exchange.tokenCredentials({ ...client, ...temporary, verifier }, 'GET')
      await exchange.accepted(t, photos, exchange.authorize(photos, { ...client, ...issued }))
    })

    t.test('a verifier is taken once, and no other is', async (t) => {
      const client = exchange.clientFor(signatureMethod)
      const temporary = await exchange.temporaryCredentials(client, callback)
      const verifier = await exchange.verifierFor(temporary.token)
      const other = verifier.replace(/^./, first => first === 'a' ? 'b' : 'a')
      await t.rejects(exchange.tokenCredentials({ ...client, ...temporary, verifier: other }), /"failed":\["verifier"\]/)
      await t.resolves(exchange.tokenCredentials({ ...client, ...temporary, verifier }))
      await t.rejects(exchange.tokenCredentials({ ...client, ...temporary, verifier }), /"failed":\["resource_owner","verifier"/)
    })

    if (!signsRequests) return
    t.test('the parameters may stand in the query or in the form', async (t) => {
      const call = { method: 'POST', path: 'photos?a=1', contentType: form, body: 'b=2' }
      const added = () => new URLSearchParams(sign({ ...call, url: exchange.urlOf(call) }, credentials).parameters).toString()
      const data = { query: [['a', '1']], form: [['b', '2']] }
      t.match(await (await exchange.send({ ...call, path: `${call.path}&${added()}` })).json(), { ...data, signedIn: 'query' })
      t.match(await (await exchange.send({ ...call, body: `${call.body}&${added()}` })).json(), { ...data, signedIn: 'body' })
    })
  })
}
