// A40: device codes, assertions, tokens that are asked about and what a registration answers reach no log line, error or reply.
import t from 'tap'
import { generateKeyPairSync } from 'node:crypto'
import { leaksIn, printed, watch } from '../fixtures/canaries.js'
import type { WireHandler } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

t.test('A40: tokens without a redirect, well and ill', async (t) => {
  const errors: unknown[] = []
  const seen: unknown[] = []
  const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const { scene, browser, finish } = await watch(t, {
    app: {
      routes (app) {
        app.get('/others', async ({ log }) => {
          const { providers } = app.oauth
          const { issuer } = scene.provider
          const calls: Array<() => Promise<unknown>> = [
            async () => (await app.oauth.device('test', { owner: 'cli' })).wait({ signal: AbortSignal.timeout(500) }),
            async () => providers.get('test').introspect('stranger-canary-token', { cacheFor: 1_000 }),
            async () => providers.get('test').introspect('stranger-canary-token', { signed: true }),
            async () => (await app.oauth.client('account', { subject: 'alice' }).get('/api')).body.dump(),
            async () => providers.registerDynamically('dynamic', { issuer, initialAccessToken: 'initial-canary-token', callbackUrl: `${issuer}/oauth/dynamic/callback` }),
            async () => providers.readRegistration('test', { registrationAccessToken: 'registration-canary', registrationClientUri: `${issuer}/client` }),
            async () => providers.deregister('dynamic', { registrationAccessToken: 'registration-canary', registrationClientUri: `${issuer}/client` })
          ]
          for (const call of calls) {
            await call().catch(error => {
              errors.push(error)
              log.error({ err: error }, 'not made')
            })
          }
          log.info({ providers: [...providers], login: await app.oauth.device('test', { owner: 'cli' }).catch(() => null) }, 'what there is')
          seen.push(await app.oauth.device('test', { owner: 'cli' }).catch(() => null), [...providers])
          return { calls: calls.length }
        })
      }
    }
  })
  const { provider, app } = scene
  const { issuer } = provider
  provider.metadata = { device_authorization_endpoint: `${issuer}/device`, introspection_endpoint: `${issuer}/introspect`, registration_endpoint: `${issuer}/register` }
  app.oauth.providers.register('account', { grant: 'jwt_bearer', clientId: 'robot', clientKey, accessTokenUrl: `${issuer}/token`, apiBaseUrl: `${issuer}/` })
  const right: Record<string, unknown> = {
    '/device': { device_code: 'device-code-canary', user_code: 'CODE', verification_uri: `${issuer}/enter`, expires_in: 600, interval: 0.01 },
    '/introspect': { active: true, sub: 'user-1', secret: 'claim-canary' },
    '/token': { access_token: 'access-canary', token_type: 'Bearer' },
    '/register': { client_id: 'new', client_secret: 'new-secret-canary', client_secret_expires_at: 0, registration_access_token: 'registration-canary' },
    '/client': { client_id: 'new', client_secret: 'newer-secret-canary', client_secret_expires_at: 0 }
  }
  // Whoever was sent a secret may repeat it.
  const sent: Record<string, string> = { '/token': 'device-code-canary', '/introspect': 'stranger-canary-token', '/register': 'initial-canary-token', '/client': 'registration-canary' }
  const answers: WireHandler[] = [
    ({ path }) => ({ body: right[path] }),
    ({ form, body, headers }) => ({ status: 400, body: { error: 'invalid_request', error_description: `${form.get('token')} ${form.get('assertion')} ${form.get('device_code')} ${body.includes('canary') ? '' : body} ${headers.authorization}` } }),
    ({ path, form }) => path === '/device' ? { body: right[path] } : { status: 400, body: { error: 'access_denied', error_description: form.has('assertion') ? 'no' : `of ${sent[path]}` } },
    ({ path, body }) => path === '/device' ? { body: right[path] } : { body: `<html>${body} canary` },
    ({ body }) => ({ status: 500, body: `${body} canary` }),
    ({ path }) => ({ body: { ...right[path] as object, active: 'canary', user_code: 'canary\u0000', client_id: 5, access_token: 5 } }),
    (_request, response) => { response.destroy(); return undefined }
  ]
  for (const handler of answers) {
    for (const path of Object.keys(right)) provider.handlers.set(path, handler)
    const response = await browser().request(`${scene.url}/others`, { headers: { accept: 'application/json' } })
    t.equal(response.status, 200)
  }
  t.ok(errors.length >= 25, `${errors.length} errors`)
  t.strictSame(leaksIn('error', [...errors, ...seen].flatMap(printed), []), [])
  finish(t, { errors: 0 })
})
