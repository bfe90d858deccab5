// A7, A38: whose grant a login becomes: the one's who began it, and known by issuer and subject alone.
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { SceneOptions } from '../fixtures/scene.js'
import { WireProvider } from '../fixtures/wire-provider.js'

const named: SceneOptions['plugin'] = { owner: request => String(request.headers['x-user'] ?? '') || null }

t.test('A7: Alice begins, Bob finishes: users that the application names', async (t) => {
  const store = new MemoryGrantStore()
  const scene = await startScene(t, { plugin: { ...named, store } })
  const finishers = { bob: { 'x-user': 'bob' }, nobody: {} }
  for (const [name, headers] of Object.entries(finishers)) {
    const browser = new Browser()
    const begun = await browser.request(`${scene.url}/oauth/test`, { headers: { 'x-user': 'alice' } })
    const callback = scene.provider.callbackFor(String(begun.headers.get('location')))
    const answer = await browser.open(callback, { headers })
    t.equal(answer.status, 403, name)
    t.equal(codeIn(answer.text), 'FST_OAUTH_OWNER_CHANGED')
    t.strictSame(await scene.subjects(browser, headers), [], `nothing for ${name}`)
    t.strictSame(await scene.subjects(browser, { 'x-user': 'alice' }), [], 'nothing for Alice')
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A7: somebody without a name begins, Bob finishes', async (t) => {
  const scene = await startScene(t, { plugin: named ?? {} })
  const browser = new Browser()
  const callback = await scene.callback(browser)
  t.equal((await browser.open(callback, { headers: { 'x-user': 'bob' } })).status, 403)
  t.strictSame(await scene.subjects(browser, { 'x-user': 'bob' }), [])
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A7: Alice begins, Bob finishes: sessions', async (t) => {
  const scene = await startScene(t)
  const bob = await scene.login(new Browser(), 'bob')
  const anonymous = new Browser()
  const alice = await scene.login(new Browser(), 'alice')
  const exchanged = scene.exchanges()
  for (const [name, browser] of Object.entries({ anonymous, alice })) {
    const callback = await scene.callback(browser, 'attacker')
    for (const [cookie, value] of browser.cookies.get('127.0.0.1') ?? []) {
      if (cookie.startsWith('oauth-')) bob.cookies.get('127.0.0.1')?.set(cookie, value)
    }
    const answer = await bob.open(callback)
    t.equal(answer.status, 403, `begun by ${name}`)
    t.equal(codeIn(answer.text), 'FST_OAUTH_OWNER_CHANGED')
  }
  t.strictSame(await scene.subjects(bob), ['bob'])
  t.strictSame(await scene.subjects(alice), ['alice'])
  t.equal(scene.exchanges(), exchanged, 'no exchange')
})

t.test('A38: two subjects with one e-mail address are two accounts, of two owners', async (t) => {
  const scene = await startScene(t)
  const email = { email: 'admin@company.example', email_verified: true }
  scene.provider.claims = email as never
  scene.provider.userinfo = { sub: 'victim', ...email }
  const victim = await scene.login(new Browser(), 'victim')
  scene.provider.userinfo = { sub: 'attacker', ...email }
  const attacker = await scene.login(new Browser(), 'attacker')

  t.strictSame(await scene.subjects(victim), ['victim'])
  t.strictSame(await scene.subjects(attacker), ['attacker'])
})

t.test('A38: a step-up that comes back as somebody else does not overwrite the first', async (t) => {
  const scene = await startScene(t)
  scene.provider.claims = { email: 'same@company.example' } as never
  const browser = await scene.login(new Browser(), 'first')
  await scene.login(browser, 'second')
  t.strictSame(await scene.subjects(browser), ['first', 'second'])
})

t.test('A38: one subject at two issuers is two accounts', async (t) => {
  const other = await WireProvider.start()
  t.teardown(() => other.close())
  const scene = await startScene(t, { plugin: { providers: { other: { issuer: other.issuer, clientId: other.clientId, clientSecret: other.clientSecret } } } })
  const victim = await scene.login(new Browser(), 'user-1')
  const attacker = new Browser()
  const page = await attacker.open(other.callbackFor(await attacker.openUntil(`${scene.url}/oauth/other`, other.issuer), 'user-1'))
  t.equal(page.status, 200, page.text)

  const guarded = await attacker.request(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })
  t.equal(guarded.status, 401, 'a grant at one does not open what needs a grant at the other')
  t.strictSame(await scene.subjects(victim), ['user-1'])
})

t.test('A38: without an id_token, userinfo\'s id tells accounts apart, never its e-mail address', async (t) => {
  const scene = await startScene(t)
  const { issuer, clientId, clientSecret } = scene.provider
  scene.app.oauth.providers.unregister('test')
  scene.app.oauth.providers.register('test', { clientId, clientSecret, authorizeUrl: `${issuer}/authorize`, accessTokenUrl: `${issuer}/token`, userinfoUrl: `${issuer}/userinfo` })
  const browser = new Browser()
  for (const id of [7, 8]) {
    scene.provider.userinfo = { id, email: 'same@company.example' }
    await scene.login(browser)
  }
  t.strictSame(await scene.subjects(browser), ['7', '8'])
})

t.test('A7: a link that Alice\'s page offers is of no use to Bob', async (t) => {
  const scene = await startScene(t, { app: { routes (app) { app.get('/admin', { config: { oauth: { provider: 'test', scope: ['admin'] } } }, async () => 'admin') } } })
  const alice = await scene.login(new Browser(), 'alice')
  const bob = await scene.login(new Browser(), 'bob')
  const page = await alice.open(await scene.callback(alice, 'mallory', '/admin'))
  t.equal(codeIn(page.text), 'FST_OAUTH_OTHER_ACCOUNT')
  t.strictSame(await scene.subjects(alice), ['alice'], 'nothing of it was stored')
  const link = /href="([^"]+)">Link/.exec(page.text)?.[1] ?? ''
  for (const browser of [bob, new Browser()]) {
    const answer = await browser.open(`${scene.url}${link}`)
    t.ok(answer.status === 401 || answer.status === 403, String(answer.status))
  }
  const begun = await scene.callback(alice, 'mallory', link)
  for (const [cookie, value] of alice.cookies.get('127.0.0.1') ?? []) {
    if (cookie.startsWith('oauth-')) bob.cookies.get('127.0.0.1')?.set(cookie, value)
  }
  t.equal(codeIn((await bob.open(begun)).text), 'FST_OAUTH_OWNER_CHANGED', 'nor can Bob finish it')
  t.strictSame(await scene.subjects(bob), ['bob'])
})
