// A26: a token that came to the wrong hands is of no use there where it is bound to a key (RFC 9449), and nobody talks the client out of it.
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { startFakeApp } from '../fixtures/fake-app.js'
import { startScene } from '../fixtures/scene.js'
import { startSignedIn } from '../fixtures/signed-in.js'

t.test('A26: a stolen token, with all that an API saw of a call', async (t) => {
  const { provider, call } = await startSignedIn(t, {
    options: () => ({ dpop: true }),
    provider: { configuration: { features: { devInteractions: { enabled: false }, dPoP: { enabled: true, nonceSecret: randomBytes(32) } } } },
    routes (app) { app.get('/call', async (request) => ({ status: (await request.oauth.get('things')).statusCode })) }
  })
  t.match((await call('/call')).json, { status: 200 })
  const seen = provider.apiCalls[0]?.headers ?? {}
  const token = String(seen.authorization).replace('DPoP ', '')
  const thefts: Array<[string, string, Record<string, string>]> = [
    ['as a bearer token', 'things', { authorization: `Bearer ${token}` }],
    ['without a proof', 'things', { authorization: `DPoP ${token}` }],
    ['with the proof that was seen', 'things', { authorization: `DPoP ${token}`, dpop: String(seen.dpop) }],
    ['with that proof elsewhere', 'others', { authorization: `DPoP ${token}`, dpop: String(seen.dpop) }]
  ]
  for (const [name, path, headers] of thefts) {
    const response = await fetch(`${provider.apiBaseUrl}${path}`, { headers })
    await response.body?.cancel()
    t.not(response.status, 200, name)
  }
})

t.test('A26: a provider, or who stands between, that answers a proof with a bearer token', async (t) => {
  const scene = await startScene(t, { provider: { dpop: true } })
  await t.rejects(scene.login(), { message: /FST_OAUTH_TOKEN_NOT_BOUND|502/ })
  t.equal(scene.exchanges(), 1)
  t.notMatch(scene.logs.join('\n'), /canary|"d":/)
})

t.test('A26: no redirect, nonce or challenge makes a bound token a bearer token', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { dpop: 'required' }, provider: { dpop: true } })
  const session = await fake.loginAs(app, 'user-1', { provider: 'fake' })
  fake.expireAccessTokens()
  t.equal((await app.inject({ url: '/call', ...session })).statusCode, 200, 'after a refresh')
  const calls = fake.requests.filter(({ endpoint }) => endpoint === 'api')
  t.ok(calls.length > 1)
  for (const { headers } of calls) t.match(headers, { authorization: /^DPoP /, dpop: /^eyJ/ })
})
