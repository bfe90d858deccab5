// Logins of two tenants, each at an OpenID provider of its own, told apart by the host of a request.
import t from 'tap'
import { codeIn } from '../fixtures/id-tokens.js'
import { startTenants, startWireTenants, tenantNames } from '../fixtures/tenants.js'

t.test('each tenant logs in at its own provider, and has its own grant', async (t) => {
  const { at, providers, browser, call, asked } = await startTenants(t)
  providers.acme.user = 'alice'
  providers.globex.user = 'bob'
  for (const name of tenantNames) {
    const page = await browser.open(`${at[name]}/guarded`)
    t.equal(page.url, `${at[name]}/guarded`, 'it ends where it began')
    t.match(JSON.parse(page.text), { tenant: name, subject: providers[name].user })
    t.ok(page.hops.some(hop => hop.startsWith(providers[name].issuer)))
    t.ok(page.hops.some(hop => hop.startsWith(`${at[name]}/oauth/sso/callback/${name}?`)), 'the callback names the tenant')
    t.notOk(page.hops.some(hop => hop.startsWith(providers[name === 'acme' ? 'globex' : 'acme'].issuer)))
  }
  t.match((await call('acme', '/guarded')).json, { tenant: 'acme', subject: 'alice' })
  asked.length = 0
  await call('acme', '/guarded')
  t.strictSame(asked, ['request, any tenant'], 'the function is called once for a request')
})

t.test('one owner at two tenants has the grant of the one whose host is visited, and never the other\'s', async (t) => {
  const { browser, at, call, app } = await startTenants(t, { plugin: { owner: () => 'everyone' } })
  await browser.open(`${at.acme}/guarded`)
  const refused = await call('globex', '/guarded', { headers: { accept: 'application/json' } })
  t.match(refused, { status: 401, json: { code: 'FST_OAUTH_GRANT_REQUIRED', provider: 'sso' } })
  t.match(refused.json.authorizeUrl, new RegExp(`^${at.globex}/oauth/sso\\?login=`))
  t.match((await browser.open(String(refused.json.authorizeUrl))).hops, [/./, /./])
  t.strictSame((await call('globex', '/grants')).json, ['sso acme user-1', 'sso globex user-1'])
  t.match((await call('globex', '/guarded')).json, { tenant: 'globex' })

  t.match(await app.oauth.grants.list({ owner: 'everyone', provider: 'sso' }), { length: 2 })
  t.match(await app.oauth.grants.list({ owner: 'everyone', provider: 'sso', tenant: 'acme' }), [{ provider: 'sso', tenant: 'acme' }])
  t.match(await app.oauth.grants.list({ owner: 'everyone', tenant: 'acme' }), [{ tenant: 'acme' }])
  t.match(await app.oauth.grants.list({ owner: 'everyone' }), { length: 2 })
  t.strictSame(await app.oauth.grants.list({ owner: 'everyone', provider: 'gone' }), [])
})

t.test('logout, step-up, linking, a pop-up and revocation are the tenant\'s', async (t) => {
  const { browser, at, providers, call, login } = await startWireTenants(t, {
    routes (app) {
      app.get('/strong', { config: { oauth: { provider: 'sso', acr: 'phr' } } }, async ({ oauth: { grant } }) => ({ acr: grant?.claims?.acr }))
      app.get('/link', async (request, reply) => request.oauth.use('sso').authorize(reply, { link: true, returnTo: '/grants' }))
      app.post('/revoke', async (request) => request.oauth.revoke())
    }
  })
  for (const name of tenantNames) {
    providers[name].metadata = { revocation_endpoint: `${providers[name].issuer}/revoke` }
    t.equal((await login(name, '/guarded')).status, 200)
  }
  providers.acme.claims = { acr: 'phr' }
  t.match((await login('acme', '/strong')).text, '{"acr":"phr"}')
  t.strictSame(JSON.parse((await login('acme', '/link', 'user-2')).text), ['sso acme user-1', 'sso acme user-2'])

  t.match((await login('globex', '/oauth/sso?display=popup')).text, `data-origin="${at.globex}"`)
  t.match((await call('globex', '/revoke', { method: 'POST' })).json, { removed: true, provider: 'revoked' })
  t.ok(providers.globex.to('/revoke').length > 0)
  t.equal(providers.acme.to('/revoke').length, 0)
  const logout = await browser.request(`${at.acme}/oauth/sso/logout?account=user-1`, { method: 'POST', headers: { accept: 'application/json', origin: at.acme } })
  t.match(await logout.json(), { removed: true, provider: 'revoked' })
  t.strictSame((await call('acme', '/grants')).json, ['sso acme user-2'])
})

t.test('a login that fails can be started again for its tenant, or links the account that came back', async (t) => {
  const { browser, at, providers, login } = await startWireTenants(t, {
    routes (app) { app.get('/mine', { config: { oauth: { provider: 'sso', account: 'user-1', scope: ['more'] } } }, async () => 'mine') }
  })
  const denied = await browser.open(`${providers.acme.callbackFor(await browser.openUntil(`${at.acme}/guarded`, providers.acme.issuer)).replace(/code=[^&]+/, 'error=access_denied')}`)
  t.equal(denied.status, 403)
  const again = /href="([^"]+)"/.exec(denied.text)?.[1]?.replaceAll('&#38;', '&')
  t.match(again, /^\/oauth\/sso\?login=/)
  t.match((await login('acme', String(again))).text, '"tenant":"acme"')

  const other = await login('acme', '/mine', 'user-2')
  t.equal(codeIn(other.text), 'FST_OAUTH_OTHER_ACCOUNT')
  const ways = [...other.text.matchAll(/href="([^"]+)"/g)].map(([, way]) => String(way).replaceAll('&#38;', '&'))
  t.equal(ways.length, 2)
  const retry = await browser.openUntil(`${at.acme}${ways[0]}`, providers.acme.issuer)
  t.equal(new URL(retry).searchParams.get('prompt'), 'login')
  const unknown = await browser.open(`${at.acme}/oauth/sso/callback/acme?state=none&code=x`)
  t.match(unknown.text, /href="\/oauth\/sso\?login=/)
})

t.test('a handler chooses the tenant of a login, whatever the host', async (t) => {
  const { browser, at, call, providers } = await startWireTenants(t, {
    plugin: { owner: () => 'me', providers: { fixed: { clientId: 'id', issuer: 'https://fixed.example' } } },
    tenant: (at) => ({ baseUrl: at.acme }),
    routes (app) {
      const tenantIn = ({ params }: { params: unknown }) => (params as { tenant: string }).tenant
      app.get('/sign-in/:tenant', async (request, reply) => request.oauth.use('sso', { tenant: tenantIn(request) }).authorize(reply, { returnTo: '/grants' }))
      app.get('/profile/:tenant', async (request) => request.oauth.use('sso', { tenant: tenantIn(request) }).profile())
      app.get('/fixed/:tenant', async (request) => request.oauth.use('fixed', { tenant: tenantIn(request) }).loadGrant())
    }
  })
  const started = await browser.openUntil(`${at.acme}/sign-in/globex`, providers.globex.issuer)
  t.match((await browser.open(providers.globex.callbackFor(started))).text, '["sso globex user-1"]')
  t.match((await call('acme', '/profile/globex')).json, { id: 'user-1' })
  t.match(await call('acme', '/profile/acme'), { status: 401 })
  for (const name of ['nobody', 'no%20name', '__proto__']) t.equal((await call('acme', `/sign-in/${name}`)).status, 404, name)
  t.match(await call('acme', '/fixed/acme'), { status: 404, json: { code: 'FST_OAUTH_UNKNOWN_TENANT' } })
})

t.test('whose tenant is not known: 404, with a page that repeats nothing', async (t) => {
  const { browser, at, options, logs } = await startWireTenants(t)
  options.globex = undefined
  const page = await browser.open(`${at.globex}/oauth/sso`)
  t.equal(page.status, 404)
  t.equal(codeIn(page.text), 'FST_OAUTH_UNKNOWN_TENANT')
  t.match(page.text, 'There is no such organisation here')
  const guarded = await browser.open(`${at.globex}/guarded`, { headers: { accept: 'application/json' } })
  t.match(JSON.parse(guarded.text), { statusCode: 404, code: 'FST_OAUTH_UNKNOWN_TENANT', message: 'At sso there is no tenant whose this request would be' })
  for (const path of ['/oauth/sso/callback/nobody', '/oauth/sso/callback/%3Cb%3E', '/oauth/fixed/callback/acme']) {
    const callback = await browser.open(`${at.acme}${path}?state=x&code=y`)
    t.equal(callback.status, 404, path)
    t.notMatch(callback.text, /<b>|href/)
  }
  t.notOk(logs.some(line => line.includes('code=y')))
})

t.test('what the function answers is checked when it does, and a mistake shows no secret', async (t) => {
  const { options, call, logs, at, browser } = await startWireTenants(t)
  const good = options.acme as object
  const cases: Array<[unknown, RegExp]> = [
    [{ ...good, clientSecret: 5 }, /providers\.sso\(\)\.clientSecret is a number; allowed is a non-empty string/],
    [{ ...good, issuer: 'http://sso.example' }, /providers\.sso\(\)\.issuer is "http:\/\/sso\.example"; allowed is an https URL/],
    [{ ...good, tenant: 'a/b' }, /providers\.sso\(\)\.tenant is "a\/b"; allowed is a tenant's name/],
    [{ ...good, callbackUrl: 'https://app.example/elsewhere' }, /providers\.sso\(\)\.callbackUrl is "https:\/\/app\.example\/elsewhere"/],
    [{ ...good, canary: 'canary-value' }, /providers\.sso\(\)\.canary is not an option/],
    ['canary-value', /providers\.sso\(\) is a string; allowed is null, or a plain object/],
    [new (class { tenant = 'acme' })(), /providers\.sso\(\) is an object of a class/]
  ]
  for (const [answer, message] of cases) {
    options.acme = answer as never
    const { status, json } = await call('acme', '/guarded', { headers: { accept: 'application/json' } })
    t.match({ status, json }, { status: 500, json: { code: 'FST_OAUTH_INVALID_OPTIONS', message } })
  }
  options.acme = { ...good, clientSecret: 5 } as never
  const page = await browser.open(`${at.acme}/oauth/sso`)
  t.equal(page.status, 500)
  t.notMatch(page.text, /clientSecret/)
  t.notOk(logs.some(line => /canary/.test(line.replaceAll('.canary is not', ''))), 'no log holds a secret')
})

t.test('a function that fails', async (t) => {
  const { browser, at, logs } = await startWireTenants(t, { answer: () => async () => { throw new Error('the database is down') } })
  const page = await browser.open(`${at.acme}/oauth/sso`)
  t.equal(page.status, 500)
  t.equal(codeIn(page.text), 'FST_OAUTH_TENANT_FAILED')
  t.ok(logs.some(line => line.includes('the database is down')), 'the log tells why')
  const guarded = await browser.open(`${at.acme}/guarded`, { headers: { accept: 'application/json' } })
  t.match(JSON.parse(guarded.text), { statusCode: 500, code: 'FST_OAUTH_TENANT_FAILED' })
  t.notMatch(guarded.text, 'database')
})

t.test('a secret that was rotated counts from the next request on, and metadata are fetched once', async (t) => {
  const { browser, at, providers, options } = await startWireTenants(t)
  const login = async () => browser.open(providers.acme.callbackFor(await browser.openUntil(`${at.acme}/oauth/sso`, providers.acme.issuer)))
  t.equal((await login()).status, 200)
  t.equal((await login()).status, 200)
  t.equal(providers.acme.to('/.well-known/openid-configuration').length, 1)

  const secretsSent = () => providers.acme.to('/token').map(({ headers }) => Buffer.from(String(headers.authorization).slice(6), 'base64').toString().split(':')[1])
  if (options.acme !== undefined) options.acme.clientSecret = 'rotated'
  const rotated = await login()
  t.equal(rotated.status, 200)
  t.strictSame(secretsSent(), [providers.acme.clientSecret, providers.acme.clientSecret, 'rotated'])
})

t.test('a tenant may keep a callback URL of its own, which the request must tell it by', async (t) => {
  const { browser, at, providers, call } = await startWireTenants(t, { tenant: (at, name) => ({ callbackUrl: `${at[name]}/oauth/sso/callback` }) })
  const started = await browser.openUntil(`${at.globex}/oauth/sso`, providers.globex.issuer)
  t.equal(new URL(started).searchParams.get('redirect_uri'), `${at.globex}/oauth/sso/callback`)
  t.equal((await browser.open(providers.globex.callbackFor(started))).status, 200)
  t.match((await call('globex', '/guarded')).json, { tenant: 'globex' })
})
