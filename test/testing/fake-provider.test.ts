// The fake provider as a test holds it.
import t from 'tap'
import * as door from '../../lib/testing/index.js'
import { createFakeProvider } from '../../lib/testing/index.js'
import { startFake } from '../fixtures/fake-app.js'
import { clientOf } from '../fixtures/fake-client.js'

t.test('the door: what is exported, and nothing else', async (t) => {
  t.strictSame(Object.keys(door).sort(), ['createFakeNetwork', 'createFakeProvider', 'loginAs'])
})

t.test('its settings for the plugin, in the process and on a port', async (t) => {
  const fake = await startFake(t)
  t.strictSame(fake.options, { clientId: 'fake-client', clientSecret: 'fake-client-secret', issuer: 'https://fake-provider.test', scope: ['openid', 'profile', 'email'], apiBaseUrl: 'https://fake-provider.test/api/' })
  const url = await fake.listen()
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.match(fake, { url, issuer: url, options: { issuer: url, apiBaseUrl: `${url}/api/` } })
  t.match(await (await fetch(`${url}/.well-known/openid-configuration`)).json(), { issuer: url })

  const plain = await startFake(t, { protocol: 'oauth2', clients: [{ clientId: 'public' }], origin: 'https://sso.test' })
  t.strictSame(plain.options, { clientId: 'public', authorizeUrl: 'https://sso.test/authorize', accessTokenUrl: 'https://sso.test/token', userinfoUrl: 'https://sso.test/userinfo', revocationUrl: 'https://sso.test/revoke', apiBaseUrl: 'https://sso.test/api/' })
})

t.test('it needs a user and a client', async (t) => {
  for (const settings of [{ users: [] }, { clients: [] }]) t.throws(() => createFakeProvider(settings), { code: 'FST_OAUTH_INVALID_OPTIONS' })
})

t.test('a clock of its own, which others can follow', async (t) => {
  const fake = await startFake(t, { clock: () => 1_000 })
  t.equal(fake.clock(), 1_000)
  fake.clock.advance(500)
  t.equal(fake.clock(), 1_500)
})

t.test('faults at any endpoint but the pages, until they are cleared', async (t) => {
  const fake = await startFake(t, { faults: ['status-500'] })
  const client = clientOf(fake)
  t.match([await client.send('/jwks'), await client.send('/token', { form: {} })], [{ status: 500 }, { status: 500 }])
  t.match(await client.send('/authorize'), { status: 400 })
  fake.faults.clear()
  fake.faults.next('html', 2)
  t.match([await client.send('/jwks'), await client.send('/jwks'), await client.send('/jwks')], [{ text: /Maintenance/ }, { text: /Maintenance/ }, { json: { keys: [{}] } }])
  fake.faults.next('invalid_grant')
  t.match(await client.send('/jwks'), { status: 200 })
  t.match(await client.send('/token', { form: {} }), { status: 400, json: { error: 'invalid_grant' } })
})
