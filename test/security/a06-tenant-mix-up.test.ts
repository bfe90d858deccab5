// A6: a tenant's code at another tenant's callback, and a tenant's tokens in another's hands (RFC 9700 section 4.4).
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import type { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startWireTenants, tenantNames } from '../fixtures/tenants.js'
import type { TenantName } from '../fixtures/tenants.js'

// The tenants are told apart by a query: they share a host, a browser's cookies, and an owner.
async function startNeighbours (t: Parameters<typeof startWireTenants>[0], store = new MemoryGrantStore()) {
  const app = await startWireTenants(t, {
    plugin: { owner: () => 'everyone', store },
    answer: options => async (request, tenant) => options[tenant ?? String((request?.query as { tenant?: string }).tenant)],
    routes (app) { app.get('/call', { config: { oauth: 'sso' } }, async (request) => { await request.oauth.get('api') }) }
  })
  const begin = (name: TenantName, browser = app.browser) => browser.openUntil(`${app.at.acme}/oauth/sso?tenant=${name}`, app.providers[name].issuer)
  const exchanges = () => tenantNames.flatMap(name => app.providers[name].to('/token')).length
  const grants = async () => (await app.app.oauth.grants.list({ owner: 'everyone' })).map(({ tenant }) => tenant)
  return { ...app, begin, exchanges, grants }
}

async function refused (browser: Browser, url: string): Promise<string | undefined> {
  const { status, text } = await browser.open(url)
  return status === 400 ? codeIn(text) : `status ${status}`
}

const moved = (url: string, to: TenantName) => url.replace(/\/callback\/\w+/, `/callback/${to}`)

t.test('A6: the code of a tenant, with the state of its login, at another tenant\'s callback', async (t) => {
  const { begin, exchanges, grants, providers, browser } = await startNeighbours(t)
  const callback = providers.acme.callbackFor(await begin('acme'))
  t.equal(await refused(browser, moved(callback, 'globex')), 'FST_OAUTH_STATE_OTHER_TENANT')
  t.equal(await refused(browser, callback), 'FST_OAUTH_STATE_NO_COOKIE', 'the login is over')
  t.equal(exchanges(), 0, 'no exchange')
  t.strictSame(await grants(), [])
})

t.test('A6: the code of an honest tenant\'s provider with the state of a login at a dishonest one\'s', async (t) => {
  const { begin, exchanges, grants, providers, browser } = await startNeighbours(t)
  // The user chose globex; its provider sends the browser on to acme's, with what it got itself.
  const dishonest = new URL(await begin('globex')).searchParams
  const forwarded = new URL(await begin('acme'))
  for (const name of ['state', 'nonce', 'code_challenge']) forwarded.searchParams.set(name, String(dishonest.get(name)))
  const callback = providers.acme.callbackFor(forwarded.href)
  t.match(callback, '/callback/acme?', 'acme\'s provider knows no other address')
  t.equal(await refused(browser, callback), 'FST_OAUTH_STATE_OTHER_TENANT')
  t.equal(exchanges(), 0, 'neither is sent the code')
  t.strictSame(await grants(), [])
})

t.test('A6: a form_post, a query and a host change nothing of whose login it is', async (t) => {
  const { begin, exchanges, providers, browser } = await startNeighbours(t)
  const callback = new URL(moved(providers.acme.callbackFor(await begin('acme')), 'globex'))
  const posted = await browser.request(`${callback.origin}${callback.pathname}`, { method: 'POST', form: Object.fromEntries(callback.searchParams) })
  t.equal(posted.status, 400)
  const again = providers.acme.callbackFor(await begin('acme'))
  t.equal(codeIn((await browser.open(`${moved(again, 'globex')}&tenant=acme`)).text), 'FST_OAUTH_STATE_OTHER_TENANT')
  const third = providers.acme.callbackFor(await begin('acme'))
  t.equal((await browser.open(third, { headers: { host: 'globex.example', 'x-forwarded-host': 'globex.example' } })).status, 200, 'the tenant of its address')
  t.equal(exchanges(), 1)
})

t.test('A6: a function that goes by the host, at the other host, refuses the callback', async (t) => {
  const { providers, browser, at } = await startWireTenants(t, { answer: options => async request => options[request?.hostname === 'localhost' ? 'globex' : 'acme'] })
  const callback = new URL(providers.acme.callbackFor(await browser.openUntil(`${at.acme}/oauth/sso`, providers.acme.issuer)))
  callback.hostname = 'localhost'
  // The cookie of the login stays with its host; here it is carried over.
  browser.cookies.set('localhost', new Map(browser.cookies.get('127.0.0.1')))
  t.equal(await refused(browser, callback.href), 'FST_OAUTH_STATE_OTHER_TENANT')
  t.equal(providers.acme.to('/token').length + providers.globex.to('/token').length, 0, 'no exchange')
})

t.test('A6: a login ticket of one tenant starts no login at another', async (t) => {
  const { browser, at, providers } = await startNeighbours(t)
  const page = await browser.open(`${at.acme}/guarded?tenant=acme`, { headers: { accept: 'application/json' } })
  const { authorizeUrl } = JSON.parse(page.text)
  const started = await browser.openUntil(`${authorizeUrl}&tenant=globex`, 'http://127.0.0.1')
  t.ok(started.startsWith(providers.acme.issuer))
})

t.test('A6: one tenant\'s token never goes to another tenant\'s API', async (t) => {
  const { begin, browser, providers, at } = await startNeighbours(t)
  for (const name of tenantNames) providers[name].tokens = { access_token: `token-of-${name}` }
  await browser.open(providers.acme.callbackFor(await begin('acme')))
  t.equal((await browser.open(`${at.acme}/call?tenant=globex`, { headers: { accept: 'application/json' } })).status, 401)
  await browser.open(providers.globex.callbackFor(await begin('globex')))
  for (const name of tenantNames) await browser.open(`${at.acme}/call?tenant=${name}`)
  const sent = tenantNames.map(name => providers[name].to('/api').map(({ headers }) => headers.authorization))
  t.strictSame(sent, [['Bearer token-of-acme'], ['Bearer token-of-globex']])
})

t.test('A6: a row of one tenant under the key of another does not open', async (t) => {
  const store = new MemoryGrantStore()
  const { begin, browser, providers, at } = await startNeighbours(t, store)
  await browser.open(providers.acme.callbackFor(await begin('acme')))
  const [row] = await store.list('everyone')
  t.equal(row?.provider, 'sso/acme')
  if (row !== undefined) await store.put({ ...row, provider: 'sso/globex' }, 0)
  t.equal((await browser.open(`${at.acme}/guarded?tenant=globex`, { headers: { accept: 'application/json' } })).status, 401)
})
