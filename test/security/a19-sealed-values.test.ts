// A19, A46: an encrypted value opens as what it was sealed for, where it was sealed for, and as nothing else
// (CVE-2023-48309).
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import type { StoredGrant } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene } from '../fixtures/scene.js'

const api = { accept: 'application/json' }

interface SealedValues { pendingLogin: string, ticket: string, formPost: string, grant: string }

class OpenStore extends MemoryGrantStore {
  readonly rows: StoredGrant[] = []

  override async put (...args: Parameters<MemoryGrantStore['put']>): Promise<boolean> {
    this.rows.push({ ...args[0], version: args[1] + 1 })
    return super.put(...args)
  }
}

/** One sealed value of each kind, as they leave the process. */
async function sealedValues (scene: Scene, store: OpenStore): Promise<SealedValues> {
  const { url, provider } = scene
  const browser = new Browser()
  await browser.open(`${url}/plant`)
  const authorization = await scene.begin(browser)
  const [, pendingLogin] = [...browser.cookies.get('127.0.0.1') ?? []].find(([name]) => name.startsWith('oauth-')) ?? []
  const refused = await browser.request(`${url}/guarded`, { headers: api })
  const { authorizeUrl } = await refused.json() as { authorizeUrl: string }
  const callback = new URL(provider.callbackFor(authorization))
  const oauthCookies = browser.cookieHeader(new URL(url)).split('; ').filter(pair => pair.startsWith('oauth-')).join('; ')
  const passedOn = await fetch(`${url}/oauth/test/callback`, { method: 'POST', redirect: 'manual', headers: { cookie: oauthCookies, 'sec-fetch-site': 'cross-site' }, body: callback.searchParams })
  await scene.login()
  return {
    pendingLogin: String(pendingLogin),
    ticket: String(new URL(authorizeUrl).searchParams.get('login')),
    formPost: String(new URL(String(passedOn.headers.get('location'))).searchParams.get('form_post')),
    grant: String(store.rows[0]?.sealed)
  }
}

t.test('A19: values of one kind in the place of another', async (t) => {
  const store = new OpenStore()
  const scene = await startScene(t, { plugin: { store } })
  const values = await sealedValues(scene, store)
  for (const [name, value] of Object.entries(values)) t.match(value, /^v1\.[\w-]+\.[\w-]+$/, `${name} is sealed`)
  t.equal(new Set(Object.values(values)).size, 4)
  const exchanged = scene.exchanges()

  for (const [kind, value] of Object.entries(values)) {
    const browser = new Browser()
    const callback = await scene.callback(browser)
    const jar = browser.cookies.get('127.0.0.1') as Map<string, string>
    const name = [...jar.keys()].find(one => one.startsWith('oauth-')) as string
    jar.set(name, value)
    const answer = await browser.open(callback)
    t.strictSame([answer.status, codeIn(answer.text)], [400, 'FST_OAUTH_STATE_UNREADABLE'], `${kind} as a pending login`)

    if (kind !== 'ticket') {
      const started = new URL(await scene.begin(new Browser(), `/oauth/test?login=${value}`))
      t.equal(started.searchParams.get('scope'), 'openid', `${kind} as a login request asks for nothing more`)
    }
    if (kind !== 'formPost') {
      const passedOn = await new Browser().open(`${scene.url}/oauth/test/callback?form_post=${value}`)
      t.equal(passedOn.status, 400, `${kind} as a form that was passed on`)
    }
    if (kind !== 'grant') {
      await store.put({ owner: kind, provider: 'test', account: 'user-1', refreshing: null, authorizedAt: 0, sealed: value }, 0)
      t.strictSame(await scene.app.oauth.grants.list({ owner: kind }), [], `${kind} as a grant`)
    }
  }
  t.equal(scene.exchanges(), exchanged, 'no exchange')
})

t.test('A19: a login request of one provider at another', async (t) => {
  const scene = await startScene(t, {
    app: { routes (app) { app.get('/admin', { config: { oauth: { provider: 'test', scope: ['admin'] } } }, async () => 'admin') } }
  })
  const { issuer, clientId } = scene.provider
  scene.app.oauth.providers.register('other', { clientId, issuer })
  const refused = await new Browser().request(`${scene.url}/admin`, { headers: api })
  const { authorizeUrl } = await refused.json() as { authorizeUrl: string }
  const { search } = new URL(authorizeUrl)
  t.equal(new URL(await scene.begin(new Browser(), `/oauth/test${search}`)).searchParams.get('scope'), 'openid admin')
  t.equal(new URL(await scene.begin(new Browser(), `/oauth/other${search}`)).searchParams.get('scope'), 'openid')
})

t.test('A19: every single bit of a pending login counts', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callback = await scene.callback(browser)
  const jar = browser.cookies.get('127.0.0.1') as Map<string, string>
  const [name, value] = [...jar].find(([one]) => one.startsWith('oauth-')) as [string, string]
  const [version, key, data = ''] = value.split('.')
  const bytes = Buffer.from(data, 'base64url')
  const forged = [0, 11, 12, 40, bytes.length - 17, bytes.length - 16, bytes.length - 1].map(index => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(index) ^ 1, index)
    return `${version}.${key}.${copy.toString('base64url')}`
  })
  forged.push(`${version}.${key}.${data.slice(0, -4)}`, `${version}.${key}.${data}AAAA`, `${version}.${key}.${bytes.subarray(0, -12).toString('base64url')}`, `v2.${key}.${data}`, `${version}.AAAAAA.${data}`, `${version}..${data}`, `${value}.x`, data, '', '..', `${version}.${key}.`)
  for (const one of forged) {
    jar.set(name, one)
    t.equal((await browser.open(callback)).status, 400)
    jar.set(name, value)
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
  t.equal((await browser.open(callback)).status, 200, 'the genuine one is still good')
})

t.test('A19: a pending login under another name', async (t) => {
  const scene = await startScene(t)
  const attacker = new Browser()
  await scene.begin(attacker)
  const [, stolen] = [...attacker.cookies.get('127.0.0.1') ?? []][0] as [string, string]
  const browser = new Browser()
  const callback = await scene.callback(browser)
  const jar = browser.cookies.get('127.0.0.1') as Map<string, string>
  jar.set([...jar.keys()][0] as string, stolen)
  t.equal((await browser.open(callback)).status, 400)
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A19: values of another secret', async (t) => {
  const scene = await startScene(t)
  const other = await startScene(t, { plugin: { secret: 'another secret of 32 bytes for tests' } })
  const browser = new Browser()
  const callback = await scene.callback(browser)
  t.equal((await browser.open(callback.replace(scene.url, other.url))).status, 400)
  t.equal(scene.exchanges() + other.exchanges(), 0, 'no exchange')
})

t.test('A46: a row copied under another owner, provider or account does not open', async (t) => {
  const store = new OpenStore()
  const scene = await startScene(t, { plugin: { store, owner: request => String(request.headers['x-user']) } })
  const { issuer, clientId } = scene.provider
  scene.app.oauth.providers.register('other', { clientId, issuer })
  const victim = new Browser()
  const begun = await victim.request(`${scene.url}/oauth/test`, { headers: { 'x-user': 'victim' } })
  await victim.request(scene.provider.callbackFor(String(begun.headers.get('location')), 'victim'), { headers: { 'x-user': 'victim' } })
  const [row] = store.rows
  t.match(row, { owner: 'victim', provider: 'test', account: 'victim' })

  const copies = [{ owner: 'attacker' }, { provider: 'other' }, { account: 'another' }, { owner: 'attacker', account: 'attacker' }]
  for (const changed of copies) {
    const copy = { ...row as StoredGrant, ...changed }
    t.equal(await store.put(copy, 0), true)
    const listed = await scene.app.oauth.grants.list({ owner: copy.owner })
    t.strictSame(listed.filter(grant => grant.provider === copy.provider && grant.account === copy.account), [], JSON.stringify(changed))
  }
  const response = await fetch(`${scene.url}/guarded`, { headers: { ...api, 'x-user': 'attacker' } })
  t.equal(response.status, 401)
  t.strictSame((await scene.app.oauth.grants.list({ owner: 'victim' })).map(({ account }) => account), ['victim'], 'the row itself still opens')
})

t.test('A46: names that run into each other are still told apart', async (t) => {
  const store = new OpenStore()
  const scene = await startScene(t, { plugin: { store, owner: request => String(request.headers['x-user']) } })
  const victim = new Browser()
  const owner = 'a","test","b'
  const begun = await victim.request(`${scene.url}/oauth/test`, { headers: { 'x-user': owner } })
  await victim.request(scene.provider.callbackFor(String(begun.headers.get('location')), 'c'), { headers: { 'x-user': owner } })
  const [row] = store.rows
  t.match(row, { owner, account: 'c' })
  await store.put({ ...row as StoredGrant, owner: 'a', account: 'b","test","c' }, 0)
  t.strictSame(await scene.app.oauth.grants.list({ owner: 'a' }), [])
})

t.test('A46: no token, and nothing of the profile, is in a row', async (t) => {
  const store = new OpenStore()
  let now = Date.now()
  const scene = await startScene(t, { plugin: { store, clock: () => now } })
  const browser = await scene.login()
  t.equal(store.rows.length, 1)
  now += 3_601_000
  t.equal((await browser.request(`${scene.url}/guarded`, { headers: api })).status, 200)
  t.equal(store.rows.length, 3, 'the login, the mark of the refresh, the refresh')
  t.notMatch(JSON.stringify(store.rows), /canary|First User/)
  for (const row of store.rows) t.strictSame(Object.keys(row).sort(), ['account', 'authorizedAt', 'owner', 'provider', 'refreshing', 'sealed', 'version'])
  t.ok(String(store.rows[1]?.refreshing).length <= 200)
})
