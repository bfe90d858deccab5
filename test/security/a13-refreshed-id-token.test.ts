// A13, A14: what comes after a login is of the same subject (OpenID Connect Core 1.0 sections 5.3.2 and 12.2).
import { SignJWT, generateKeyPair } from 'jose'
import t from 'tap'
import { halfHash, unsigned } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

const profileRoute: NonNullable<SceneOptions['app']> = {
  routes (app) { app.get('/profile', { config: { oauth: 'test' } }, async (request) => request.oauth.profile()) }
}

t.test('A13: a refreshed id_token that is unsigned, or of somebody else', async (t) => {
  const { privateKey } = await generateKeyPair('RS256')
  const attacks: Record<string, (claims: Record<string, unknown>, scene: Scene) => string | Promise<string>> = {
    unsigned: claims => unsigned({ alg: 'none' }, claims),
    'signed by a foreign key': (claims, { provider }) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: provider.kid }).sign(privateKey),
    'of another subject': (claims, { provider }) => provider.idToken({ ...claims, sub: 'user-2' }),
    'of another issuer': (claims, { provider }) => provider.idToken({ ...claims, iss: 'https://attacker.example' }),
    'of another audience': (claims, { provider }) => provider.idToken({ ...claims, aud: 'another-client' }),
    'of another access token': (claims, { provider }) => provider.idToken({ ...claims, at_hash: halfHash('another') })
  }
  for (const [name, attack] of Object.entries(attacks)) {
    let now = Date.now()
    const scene = await startScene(t, { plugin: { clock: () => now, owner: () => 'owner' } })
    const browser = await scene.login()
    const [before] = await scene.app.oauth.grants.list({ owner: 'owner' })
    scene.provider.on('/token', async ({ form }) => {
      const seconds = Math.floor(now / 1_000)
      const claims = { iss: scene.provider.issuer, aud: scene.provider.clientId, sub: 'user-1', iat: seconds, exp: seconds + 300 }
      return { body: { access_token: `stolen-${form.get('grant_type')}`, refresh_token: 'another', token_type: 'Bearer', expires_in: 3_600, id_token: await attack(claims, scene) } }
    })
    now += 3_601_000

    const answer = await browser.request(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })

    t.ok(answer.status >= 400, `${name}: ${answer.status}`)
    const [after] = await scene.app.oauth.grants.list({ owner: 'owner' })
    const valuesOf = (grant = before) => ({ ...grant, version: 0, status: '', accessToken: grant?.accessToken, refreshToken: grant?.refreshToken, idToken: grant?.idToken, claims: grant?.claims })
    t.strictSame(valuesOf(after), valuesOf(), `${name}: the grant and its claims are as they were`)
    const again = await browser.request(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })
    t.equal(again.status, 401, `${name}: its refresh token may be spent, and is not sent again`)
    t.equal(scene.exchanges(), 2)
  }
})

t.test('A13: a refresh that brings the first id_token, of somebody else than userinfo named', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now, owner: () => 'owner' } })
  const { issuer, clientId, clientSecret } = scene.provider
  scene.app.oauth.providers.unregister('test')
  scene.app.oauth.providers.register('test', { issuer, clientId, clientSecret, scope: ['read'], userinfoUrl: `${issuer}/userinfo` })
  scene.provider.tokens = { id_token: undefined }
  const browser = await scene.login()
  const [before] = await scene.app.oauth.grants.list({ owner: 'owner' })
  t.equal(before?.subject, 'user-1')
  now += 3_601_000
  const seconds = Math.floor(now / 1_000)
  scene.provider.tokens = { id_token: await scene.provider.idToken({ iss: issuer, aud: clientId, sub: 'user-2', iat: seconds, exp: seconds + 300 }) }

  const answer = await browser.request(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })

  t.ok(answer.status >= 400, `refused: ${answer.status}`)
  const [after] = await scene.app.oauth.grants.list({ owner: 'owner' })
  t.equal(after?.claims, undefined, 'the other\'s claims are not taken over')
})

t.test('A14: userinfo of another subject', async (t) => {
  const scene = await startScene(t, { app: profileRoute })
  const browser = await scene.login()
  for (const sub of ['user-2', '', 'USER-1', 'user-1 ', ['user-1'], 1, null, undefined]) {
    scene.provider.userinfo = { sub, email: 'victim@company.example' }
    const page = await browser.open(`${scene.url}/profile`)
    t.equal(page.status, 502, `sub ${JSON.stringify(sub)}`)
    t.notMatch(page.text, 'victim')
  }
  scene.provider.userinfo = { sub: 'user-1', email: 'mine@company.example' }
  t.match((await browser.open(`${scene.url}/profile`)).text, 'mine@company.example')
})

t.test('A14: signed userinfo of another subject, or with a signature that proves nothing', async (t) => {
  const scene = await startScene(t, { app: profileRoute })
  const { issuer: iss, clientId: aud, kid } = scene.provider
  const browser = await scene.login()
  const { privateKey } = await generateKeyPair('RS256')
  const right = { iss, aud, sub: 'user-1', email: 'victim@company.example' }
  const answers = {
    'of another': await scene.provider.idToken({ ...right, sub: 'user-2' }),
    'of another issuer': await scene.provider.idToken({ ...right, iss: 'https://attacker.example' }),
    'of another audience': await scene.provider.idToken({ ...right, aud: 'another-client' }),
    unsigned: unsigned({ alg: 'none' }, right),
    'signed by a foreign key': await new SignJWT(right).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey)
  }
  for (const [name, body] of Object.entries(answers)) {
    scene.provider.on('/userinfo', () => ({ headers: { 'content-type': 'application/jwt' }, body }))
    const page = await browser.open(`${scene.url}/profile`)
    t.ok(page.status >= 400, `${name}: ${page.status}`)
    t.notMatch(page.text, 'victim')
  }
})

t.test('A14: userinfo of another than the grant, where there was no id_token', async (t) => {
  const scene = await startScene(t, { app: profileRoute })
  const { issuer, clientId, clientSecret } = scene.provider
  scene.app.oauth.providers.unregister('test')
  scene.app.oauth.providers.register('test', { clientId, clientSecret, authorizeUrl: `${issuer}/authorize`, accessTokenUrl: `${issuer}/token`, userinfoUrl: `${issuer}/userinfo` })
  const browser = await scene.login()
  scene.provider.userinfo = { sub: 'user-2', email: 'victim@company.example' }
  const page = await browser.open(`${scene.url}/profile`)
  t.ok(page.status >= 400, `refused: ${page.status}`)
  t.notMatch(page.text, 'victim')
})
