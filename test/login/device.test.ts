// Logins on devices at a real OpenID provider, finished by a user in a browser.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { Configuration } from 'oidc-provider'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { startApp } from '../fixtures/app.js'
import { Browser } from '../fixtures/browser.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'

const features: Configuration['features'] = {
  devInteractions: { enabled: false },
  dPoP: { enabled: true },
  deviceFlow: {
    enabled: true,
    userCodeInputSource (ctx, form) { ctx.body = form },
    userCodeConfirmSource (ctx, form) { ctx.body = form },
    successSource (ctx) { ctx.body = 'You may close this' }
  }
}

async function start (t: Test, { provider = {}, client = {}, clientAuth }: { provider?: Partial<OAuthProviderOptions>, client?: object, clientAuth?: 'none' } = {}) {
  const server = await startOpenIdProvider({
    redirectUris: [],
    client: { grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], response_types: [], ...client },
    ...(clientAuth === undefined ? {} : { clientAuth }),
    configuration: { features, ttl: { AccessToken: 3_600, IdToken: 3_600, Interaction: 600, Session: 3_600, Grant: 3_600, RefreshToken: 3_600, DeviceCode: 600 } }
  })
  t.teardown(() => server.close())
  const { issuer, clientId, clientSecret, apiBaseUrl } = server
  const sso = { issuer, clientId, ...(clientAuth === undefined ? { clientSecret } : {}), apiBaseUrl, scope: ['openid', 'profile', 'offline_access', 'read'], ...provider }
  return { server, ...await startApp(t, { secret: 'a secret of 32 bytes for the tests', providers: { sso } }) }
}

/** Opens the address, and confirms or refuses what it shows. */
async function enter (url: string, answer: 'confirm' | 'abort'): Promise<string> {
  const browser = new Browser()
  const hidden = (text: string) => Object.fromEntries([...text.matchAll(/<input[^>]* name="(\w+)"[^>]* value="([^"]*)"/g)].map(([, name, value]) => [name, value]))
  const first = await browser.open(url)
  const action = new URL(String(/action="([^"]+)"/.exec(first.text)?.[1]), url).href
  const second = await browser.open(action, { method: 'POST', form: hidden(first.text) })
  const { confirm, ...form } = hidden(second.text)
  const last = await browser.open(action, { method: 'POST', form: { ...form, [answer]: 'yes' } })
  return last.text
}

for (const [title, tokenType, options] of [
  ['a client with a secret', 'bearer', {}],
  ['a public client whose tokens are bound to a key', 'dpop', { clientAuth: 'none', client: { dpop_bound_access_tokens: true }, provider: { dpop: true } }]
] as const) {
  t.test(`a login of ${title}`, async (t) => {
    const { app, server, logs } = await start(t, options)
    const login = await app.oauth.device('sso', { owner: 'cli', scope: ['write'] })
    t.match(login.userCode, /^[A-Z]{4}-[A-Z]{4}$/)
    t.match(login.verificationUriComplete, login.userCode)
    const waiting = login.wait()
    // One question comes too early.
    await delay(5_500)
    t.equal(await enter(String(login.verificationUriComplete), 'confirm'), 'You may close this')
    const grant = await waiting
    t.match(grant, { owner: 'cli', subject: 'user-1', account: 'user-1', claims: { sub: 'user-1' }, refreshToken: String, tokenType })
    t.ok(grant.scope.includes('read') && grant.scope.includes('write'), grant.scope.join(' '))
    t.equal(server.forms.filter(({ path }) => path === '/token').length, 2)
    const { statusCode, body } = await app.oauth.client('sso', { owner: 'cli' }).get('me')
    t.match({ statusCode, ...await body.json() as object }, { statusCode: 200, sub: 'user-1' })
    await server.revokeAccessTokens()
    await delay(1_000 - Date.now() % 1_000)
    const again = await app.oauth.client('sso', { owner: 'cli' }).get('me')
    t.equal(again.statusCode, 200, 'and it is refreshed like any other')
    await again.body.dump()
    const code = String(server.forms.find(({ path }) => path === '/token')?.form.get('device_code'))
    t.ok(code.length > 20)
    t.notOk(logs.some(line => line.includes(code)))
  })
}

t.test('a user who refuses', async (t) => {
  const { app } = await start(t)
  const login = await app.oauth.device('sso', { owner: 'cli' })
  await enter(String(login.verificationUriComplete), 'abort')
  await t.rejects(login.wait(), { code: 'FST_OAUTH_ACCESS_DENIED', providerError: 'access_denied' })
  t.strictSame(await app.oauth.grants.list({ owner: 'cli' }), [])
})
