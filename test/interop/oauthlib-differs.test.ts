// Where oauthlib 3.2.2 reads a request otherwise than the RFCs do: what the signer is not to be bent to. The base string in
// the log is the one that oauthlib verified, and the evidence.
import t from 'tap'
import { sign } from '../../lib/oauth1/index.js'
import { OAuth1Exchange, callback } from '../fixtures/oauth1-exchange.js'
import { startOAuthlibServer } from '../fixtures/oauthlib-server.js'

const exchange = new OAuth1Exchange(await startOAuthlibServer(t))
const credentials = await exchange.threeLegs('HMAC-SHA256')

t.test('a parameter `realm` is dropped once the header has a realm (RFC 5849 section 3.4.1.3.1: that of the header alone)', async (t) => {
  const call = { method: 'GET', path: 'photos?realm=videos' }
  await exchange.accepted(t, call, exchange.authorize(call, credentials))

  const { failed, baseString } = await exchange.refused(t, call, exchange.authorize(call, { ...credentials, realm: 'photos' }))

  t.same(failed, ['signature'])
  t.notMatch(baseString, 'realm')
})

t.test('protocol parameters of a form are decoded twice (RFC 5849 section 3.5.2: as a form, once)', async (t) => {
  const method = 'POST'
  const url = exchange.server.requestTokenUrl
  const { parameters, baseString } = sign({ method, url }, { ...exchange.clientFor('HMAC-SHA256'), callback })

  const response = await fetch(url, { method, body: new URLSearchParams(parameters) })

  t.equal(response.status, 401)
  const refusal = await exchange.lastRefusal()
  t.same(refusal.failed, ['signature'])
  t.match(baseString, 'next%253D%25252Fa')
  t.match(refusal.baseString, 'next%253D%252Fa')
})

t.test('so PLAINTEXT with a secret that has to be encoded fails there, where in the header it does not', async (t) => {
  const credentials = await exchange.threeLegs('PLAINTEXT')
  const call = { method: 'GET', path: 'photos' }
  const { parameters } = sign({ method: call.method, url: exchange.urlOf(call) }, credentials)

  const { failed } = await exchange.refused(t, { ...call, path: `photos?${new URLSearchParams(parameters)}` })

  t.same(failed, ['signature'])
  await exchange.accepted(t, call, exchange.authorize(call, credentials))
})

t.test('the type of a form is read with its case (RFC 9110 section 8.3.1: without)', async (t) => {
  const call = { method: 'POST', path: 'photos', contentType: 'Application/X-WWW-Form-Urlencoded', body: 'a=1' }

  const { failed, baseString } = await exchange.refused(t, call, exchange.authorize(call, credentials))

  t.same(failed, ['signature'])
  t.notMatch(baseString, '%26a%3D1', 'so the form is not signed')
})

t.test('octets that are no UTF-8 are replaced (RFC 5849 section 3.4.1.3.1 decodes, and replaces nothing)', async (t) => {
  const call = { method: 'GET', path: 'photos?a=%FF' }

  const { failed, baseString } = await exchange.refused(t, call, exchange.authorize(call, credentials))

  t.same(failed, ['signature'])
  t.match(baseString, 'a%3D%25EF%25BF%25BD')
})

t.test('a semicolon at the end of a path is taken away (RFC 5849 section 3.4.1.2: the path as it was sent)', async (t) => {
  const call = { method: 'GET', path: 'photos;' }

  const { failed, baseString } = await exchange.refused(t, call, exchange.authorize(call, credentials))

  t.same(failed, ['signature'])
  t.match(baseString, 'photos&')
})

t.test('a query with a character that URLs of browsers leave as it is cannot be read at all', async (t) => {
  for (const character of ['[', ']', '|', '^', '{', '}', '\\', '`']) {
    const raw = { method: 'GET', path: `photos?a=${character}` }
    const encoded = { method: 'GET', path: `photos?a=${encodeURIComponent(character)}` }

    t.equal((await exchange.send(raw, exchange.authorize(raw, credentials))).status, 400)

    t.same((await exchange.lastRefusal()).failed, ['malformed'])
    await exchange.accepted(t, encoded, exchange.authorize(encoded, credentials))
  }
})
