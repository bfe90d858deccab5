// Pushed authorization requests at the fake provider: RFC 9126.
import t from 'tap'
import { startFake, startFakeApp } from '../fixtures/fake-app.js'
import { clientOf, credentials, redirectUri } from '../fixtures/fake-client.js'

const request = { ...credentials, response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: 'pushed-state' }

t.test('a request that was pushed is taken once, by its client, for a minute', async (t) => {
  const fake = await startFake(t)
  const client = clientOf(fake)
  const push = async (form = {}) => client.send('/par', { form: { ...request, ...form } })
  const { status, json } = await push()
  t.match({ status, json }, { status: 201, json: { request_uri: /^urn:ietf:params:oauth:request_uri:/, expires_in: 60 } })
  const show = (uri: unknown, clientId = 'fake-client') => client.send('/authorize', { query: { client_id: clientId, request_uri: String(uri), state: 'another' } })

  t.equal((await client.authorize({ request_uri: String(json.request_uri), state: 'another' })).get('state'), 'pushed-state', 'nothing else counts')
  t.match(await show(json.request_uri), { status: 400, text: /not pushed, was used before, or has ended/ })
  t.match(await show((await push()).json.request_uri, 'another-client'), { status: 400 })
  const old = (await push()).json.request_uri
  fake.clock.advance(60_000)
  t.match(await show(old), { status: 400 })
  t.match(await push({ request_uri: 'urn:x' }), { status: 400, json: { error: 'invalid_request' } })
  t.match(await push({ client_secret: 'wrong' }), { status: 401, json: { error: 'invalid_client' } })
})

t.test('required: the plugin pushes, and nobody comes without', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { par: 'required', dpop: 'nonce' }, provider: { dpop: true } })
  const session = await fake.loginAs(app, 'user-1', { provider: 'fake' })
  t.match((await app.inject({ url: '/me', ...session })).json(), { subject: 'user-1', tokenType: 'dpop' })
  t.equal((await app.inject({ url: '/call', ...session })).statusCode, 200)
  t.equal((await app.inject({ url: '/profile', ...session })).json().id, 'user-1')
  t.match(fake.requests.filter(({ endpoint }) => endpoint !== 'discovery' && endpoint !== 'jwks').map(({ endpoint }) => endpoint).slice(0, 2), ['par', 'authorize'])
  t.match(await clientOf(fake).send('/authorize', { query: { client_id: 'fake-client', redirect_uri: redirectUri, response_type: 'code' } }), { status: 400 })
})

t.test('a code that is bound to a key buys nothing with another', async (t) => {
  const client = clientOf(await startFake(t))
  t.match(await client.logIn({ dpop_jkt: 'the thumbprint of a key' }), { status: 400, json: { error: 'invalid_grant', error_description: /another key/ } })
})
