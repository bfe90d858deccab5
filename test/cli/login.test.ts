// fastify-oauth login: a login over loopback, with a browser that is a script.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { loopbackAddress, openLoopback } from '../../lib/cli/loopback.js'
import { Browser } from '../fixtures/browser.js'
import { configFolder, runHere, runProgram } from '../fixtures/cli.js'
import type { CliOptions, Ran } from '../fixtures/cli.js'
import { startFake } from '../fixtures/fake-app.js'
import { WireProvider } from '../fixtures/wire-provider.js'

async function startWire (t: Test): Promise<{ wire: WireProvider, env: Record<string, string> }> {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  wire.userinfo = { sub: 'user-1', name: 'First\u001b[2J User', email: 'first@example.com', email_verified: true, preferred_username: 'first' }
  return { wire, env: { FASTIFY_OAUTH_CLIENT_ID: wire.clientId, FASTIFY_OAUTH_CLIENT_SECRET: wire.clientSecret, FASTIFY_OAUTH_ISSUER: wire.issuer } }
}

type Visit = (url: string, browser: Browser) => Promise<unknown>

const open: Visit = (url, browser) => browser.open(url)

// Runs the command, and opens the address that it prints.
async function logIn (t: Test, args: readonly string[], { visit = open, run = runHere, ...options }: CliOptions & { visit?: Visit, run?: typeof runHere } = {}): Promise<Ran & { url: string, page: unknown }> {
  let text = ''
  let visited: Promise<unknown> | undefined
  let url = ''
  const ran = await run(t, ['login', ...args], {
    ...options,
    onText (more) {
      text += more
      const [, found] = /^Open in a browser: (\S+)\n[\s\S]*Waiting/m.exec(text) ?? []
      if (found === undefined || visited !== undefined) return
      url = found
      visited = visit(found, new Browser())
    }
  })
  return { ...ran, url, page: await visited }
}

t.test('as a process: the profile and what was granted, and no token', async (t) => {
  const { env } = await startWire(t)
  const { code, stdout, stderr, page, url } = await logIn(t, ['wire', '--scope', 'openid email'], { env, run: runProgram })
  t.equal(stderr, '')
  t.equal(code, 0)
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/oauth\/wire$/)
  t.match(stdout, `The callback URL, which must be registered at the provider: ${url}/callback\n`)
  t.match(stdout, 'Waiting for at most 300 seconds.')
  t.match(stdout, /id +user-1\n/)
  t.match(stdout, /name +First \[2J User\n/, 'without what would move the cursor')
  t.match(stdout, /email +first@example\.com \(verified\)\n/)
  t.match(stdout, /scope +openid email\n/)
  t.match(stdout, /refresh token +yes\n/)
  t.match(stdout, /id_token +yes, verified\n/)
  t.match(stdout, 'The tokens are shown with --show-token.')
  t.match(page, { status: 200, text: /You are logged in/ })
})

t.test('tokens are shown when they are asked for', async (t) => {
  const { env } = await startWire(t)
  const { stdout } = await logIn(t, ['wire', '--show-token'], { env, showsTokens: true })
  t.match(stdout, /accessToken +access-token-canary-granted/)
  t.match(stdout, /refreshToken +refresh-token-canary-granted/)
  const json = await logIn(t, ['wire', '--show-token', '--json'], { env, showsTokens: true })
  t.match(JSON.parse(json.stdout), { tokens: { accessToken: /^access-token-canary/, idToken: /^eyJ/ } })
})

t.test('as JSON: one document on stdout, the address on stderr', async (t) => {
  const { wire, env } = await startWire(t)
  wire.tokens = { scope: 'openid', refresh_token: undefined }
  wire.userinfo = { sub: 'user-1', email: 'first@example.com' }
  const { code, stdout, stderr, url } = await logIn(t, ['wire', '--json', '--scope', 'openid email'], { env, run: runProgram })
  t.equal(code, 0)
  t.match(stderr, `Open in a browser: ${url}\n`)
  const document = JSON.parse(stdout)
  t.match(document, { provider: 'wire', protocol: 'oidc', account: 'user-1', profile: { id: 'user-1', emailVerified: false }, granted: { scope: ['openid'], missing: ['email'], tokenType: 'bearer', refreshToken: false, idToken: true } })
  t.notOk('tokens' in document)
  t.notOk('raw' in document.profile)
})

t.test('less was granted, nothing expires, and the e-mail address is not verified', async (t) => {
  const { wire, env } = await startWire(t)
  wire.tokens = { scope: 'openid', refresh_token: undefined, expires_in: undefined }
  wire.userinfo = { sub: 'user-1', email: 'first@example.com' }
  const { stdout } = await logIn(t, ['wire', '--scope', 'openid email'], { env })
  t.match(stdout, /email +first@example\.com \(not verified\)\n/)
  t.match(stdout, /not granted +email\n/)
  t.match(stdout, /expires +not said\n/)
  t.match(stdout, /refresh token +no\n/)
})

t.test('by a config module, over OAuth 1.0a and OAuth 2, at the fake provider', async (t) => {
  for (const protocol of ['oauth1', 'oauth2'] as const) {
    const fake = await startFake(t, { protocol, users: [{ sub: 'ada', name: 'Ada' }] }, true)
    const cwd = configFolder(t, `export default { prefix: '/auth', secret: 'too short, which does not matter here', providers: { fake: ${JSON.stringify(fake.options)}, other: 1 } }`)
    const visit: Visit = async (url, browser) => {
      let page = await browser.open(url)
      for (const fields of [{ username: 'ada', decision: 'login' }, { decision: 'allow' }]) {
        const [, action = ''] = /<form[^>]* action="([^"]*)"/.exec(page.text) ?? []
        const hidden = [...page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])
        page = await browser.open(new URL(action, page.url).href, { method: 'POST', form: { ...Object.fromEntries(hidden), ...fields } })
      }
      return page
    }
    const { code, stdout, url, page } = await logIn(t, ['fake', '--config', 'oauth.config.js'], { cwd, visit })
    t.match(page, { text: /You are logged in/ })
    t.equal(code, 0)
    t.match(url, /\/auth\/fake$/)
    t.match(stdout, /id +ada\n/)
    t.match(stdout, /id_token +no\n/)
  }
})

t.test('a profile without an id is told of', async (t) => {
  const { wire } = await startWire(t)
  wire.userinfo = { name: 'First User' }
  const provider = { authorizeUrl: `${wire.issuer}/authorize`, accessTokenUrl: `${wire.issuer}/token`, userinfoUrl: `${wire.issuer}/userinfo`, clientId: wire.clientId, clientSecret: wire.clientSecret, profile: { id: '/id', name: '/name' } }
  const { code, stdout } = await logIn(t, ['wire', '--config', './oauth.config.js'], { cwd: configFolder(t, `export default { providers: { wire: ${JSON.stringify(provider)} } }`) })
  t.equal(code, 0)
  t.match(stdout, /id +none, so that two accounts cannot be told apart: see the options userinfoUrl and profile\n +name +First User\n/)
})

t.test('a provider that tells nothing of its users', async (t) => {
  const { wire } = await startWire(t)
  const provider = { authorizeUrl: `${wire.issuer}/authorize`, accessTokenUrl: `${wire.issuer}/token`, clientId: wire.clientId, clientSecret: wire.clientSecret }
  const cwd = configFolder(t, `export default { providers: { wire: ${JSON.stringify(provider)} } }`)
  const { code, stdout } = await logIn(t, ['wire', '--config', './oauth.config.js'], { cwd })
  t.equal(code, 0)
  t.match(stdout, 'the provider tells nothing of its users')
  t.match(stdout, /scope +none named\n/)
  t.match(JSON.parse((await logIn(t, ['wire', '--config', './oauth.config.js', '--json'], { cwd })).stdout), { profile: null, protocol: 'oauth2', account: 'default' })
})

t.test('a callback URL of loopback, by the option or the config module', async (t) => {
  const { wire, env } = await startWire(t)
  const port = await freePort()
  const callback = `http://localhost:${port}/signed-in`
  const { code, url, stdout } = await logIn(t, ['wire', '--callback-url', callback], { env })
  t.equal(code, 0)
  t.equal(url, `http://localhost:${port}/oauth/wire`)
  t.match(stdout, `registered at the provider: ${callback}\n`)
  t.equal(wire.to('/authorize')[0]?.query.get('redirect_uri'), callback)

  const cwd = configFolder(t, `export default { providers: { wire: { issuer: '${wire.issuer}', clientId: '${wire.clientId}', clientSecret: '${wire.clientSecret}', callbackUrl: '${callback}' } } }`)
  t.equal((await logIn(t, ['wire', '--config', 'oauth.config.js', '--port', String(port)], { cwd })).code, 0)
  t.equal(wire.to('/authorize')[1]?.query.get('redirect_uri'), callback)
})

t.test('the port of a callback URL that names none', async (t) => {
  t.match(loopbackAddress({ port: 0, callbackUrl: new URL('http://localhost/cb') }), { port: 80 })
})

t.test('a login that fails', async (t) => {
  const { wire, env } = await startWire(t)
  wire.on('/authorize', ({ query }) => ({ status: 302, headers: { location: `${query.get('redirect_uri')}?error=access_denied&state=${query.get('state')}` } }))
  const denied = await logIn(t, ['wire'], { env })
  t.equal(denied.code, 1)
  t.match(denied.stderr, /^fastify-oauth login: FST_OAUTH_ACCESS_DENIED: Access was denied at wire \(access_denied\)\n$/)
  t.match(denied.page, { status: 403 })
  t.match(JSON.parse((await logIn(t, ['wire', '--json'], { env })).stdout), { error: { code: 'FST_OAUTH_ACCESS_DENIED' } })

  wire.handlers.delete('/authorize')
  wire.on('/token', () => ({ status: 400, body: { error: 'invalid_client', error_description: wire.clientSecret } }))
  t.match((await logIn(t, ['wire'], { env })).stderr, /FST_OAUTH_TOKEN_REFUSED|FST_OAUTH_CODE_REFUSED/)

  wire.handlers.delete('/token')
  wire.on('/userinfo', () => ({ status: 500 }))
  const withoutProfile = await logIn(t, ['wire'], { env })
  t.equal(withoutProfile.code, 1)
  t.match(withoutProfile.stderr, 'FST_OAUTH_')

  wire.metadata = { code_challenge_methods_supported: ['plain'] }
  t.match((await logIn(t, ['wire'], { env })).stderr, 'FST_OAUTH_PKCE_UNSUPPORTED')
})

t.test('a callback that belongs to no login is noted, and the login goes on', async (t) => {
  const { env } = await startWire(t)
  const visit: Visit = async (url, browser) => {
    t.match(await browser.open(`${url}/callback?code=forged&state=forged`), { status: 400 })
    return browser.open(url)
  }
  const { code, stdout } = await logIn(t, ['wire'], { env, visit })
  t.equal(code, 0)
  t.match(stdout, 'FST_OAUTH_STATE_')
})

t.test('it waits no longer than it is told', async (t) => {
  const { env } = await startWire(t)
  const { code, stderr } = await logIn(t, ['wire', '--timeout', '1'], { env, visit: async () => {} })
  t.equal(code, 1)
  t.match(stderr, 'the login did not come back within 1 seconds')
})

t.test('what cannot start', async (t) => {
  const { env } = await startWire(t)
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { taken.close() })
  const { port } = taken.address() as AddressInfo
  t.match((await runHere(t, ['login', 'wire', '--port', String(port)], { env })).stderr, `127.0.0.1:${port} cannot be listened on (EADDRINUSE): choose another port`)

  const provider = '{ clientId: "a", clientSecret: "b", grant: "client_credentials", accessTokenUrl: "https://provider.example.com/token" }'
  const cwd = configFolder(t, `export default { providers: { service: ${provider} } }`)
  t.match((await runHere(t, ['login', 'service', '--config', 'oauth.config.js'], { cwd })).stderr, 'there are no logins at service: its option grant is set')
  t.match((await runHere(t, ['login', 'other', '--config', 'oauth.config.js'], { cwd })).stderr, 'the config module has no provider other; it has service')
  const tenants = configFolder(t, 'export default { providers: { sso: () => null } }')
  t.match((await runHere(t, ['login', 'sso', '--config', 'oauth.config.js'], { cwd: tenants })).stderr, 'sso is a function of the request, and here is none')
  const empty = configFolder(t, 'export default {}')
  t.match((await runHere(t, ['login', 'other', '--config', 'oauth.config.js'], { cwd: empty })).stderr, 'the config module has no provider other; it has none')
  t.match((await runHere(t, ['login', 'auth0', '--client-id', 'a', '--client-secret', 'b'])).stderr, 'FST_OAUTH_INVALID_OPTIONS: Invalid options of fastify-oauth: providers.auth0.params.domain')
})

t.test('an application that cannot be made leaves no server behind', async (t) => {
  const options = { name: 'a', options: { providers: { a: {} as never } }, port: 0, callbackUrl: undefined, loginTimeout: 1_000, note: () => {} }
  await t.rejects(openLoopback(options), { code: 'FST_OAUTH_INVALID_OPTIONS' })
  await t.rejects(openLoopback({ ...options, load: async () => { throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }) } }), { message: /^fastify is not installed here/ })
  await t.rejects(openLoopback({ ...options, load: async () => { throw new Error('broken') } }), { message: 'broken' })
})

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
