// A40: tokens of the application itself, exchanged ones and those that the application keeps reach no log line, error or reply.
import t from 'tap'
import { leaksIn, printed, watch } from '../fixtures/canaries.js'
import type { WireHandler } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const api = { accept: 'application/json' }

t.test('A40: service tokens, well and ill', async (t) => {
  const errors: unknown[] = []
  const seen: unknown[] = []
  const kept = { accessToken: 'own-access-canary', tokenSecret: 'own-secret-canary' }
  const { scene, browser, finish, tick } = await watch(t, {
    app: {
      routes (app) {
        app.get('/service', async ({ oauth, log }) => {
          const clients = [app.oauth.client('billing'), app.oauth.client('billing', { audience: 'one' }), oauth.use('test').exchange(), oauth.use('test').exchange({ provider: 'billing' }), app.oauth.client('kept', { owner: 'x' }), app.oauth.client('kept', { owner: 'x' }).exchange()]
          log.info({ clients, providers: [...app.oauth.providers] }, 'the clients')
          seen.push(clients)
          for (const client of clients) {
            for (const call of [() => client.get('/api'), () => client.get('/api', { throwOnError: true }), () => client.fetch('/api')]) {
              try {
                const { body } = await call()
                await (body !== null && 'dump' in body ? body.dump() : body?.cancel())
              } catch (error) {
                errors.push(error)
                log.error({ err: error }, 'not made')
              }
            }
          }
          return { calls: clients.length * 3 }
        })
      }
    }
  })
  const { provider, app } = scene
  const { issuer } = provider
  app.oauth.providers.register('billing', { grant: 'client_credentials', clientId: 'billing', clientSecret: 'billing-secret-canary', accessTokenUrl: `${issuer}/token`, apiBaseUrl: `${issuer}/` })
  app.oauth.providers.register('kept', { issuer, clientId: 'kept', clientSecret: 'kept-secret-canary', apiBaseUrl: `${issuer}/`, tokenGetter: () => kept })
  const user = browser()
  await scene.login(user)
  const echo: WireHandler = ({ form, headers }) => ({ status: 400, body: { error: 'invalid_request', error_description: `${form} ${form.get('subject_token')} ${headers.authorization}` } })
  const answers: Array<WireHandler | undefined> = [
    undefined,
    ({ form }) => ({ body: { access_token: `service-canary-${form.get('grant_type')?.length}`, expires_in: 60, token_type: 'Bearer', refresh_token: 'refresh-canary' } }),
    echo,
    ({ form }) => ({ body: { access_token: 'x-canary', issued_token_type: `of ${form.get('subject_token')} x-canary`, token_type: 'N_A' } }),
    ({ body }) => ({ status: 500, body }),
    ({ body }) => ({ body: `<html>${body}` }),
    (_request, response) => { response.destroy(); return undefined }
  ]
  const isService = (type: string | null) => type === 'client_credentials' || type?.endsWith('token-exchange') === true
  for (const handler of answers) {
    provider.on('/token', (request, response) => isService(request.form.get('grant_type')) ? handler?.(request, response) : undefined)
    provider.on('/api', ({ headers }) => ({ status: handler === undefined ? 200 : 401, headers: { 'www-authenticate': 'Bearer' }, body: { authorization: headers.authorization } }))
    const response = await user.request(`${scene.url}/service`, { headers: api })
    t.equal(response.status, 200)
    tick(120_000)
  }
  t.ok(errors.length >= 20, `${errors.length} errors`)
  t.strictSame(leaksIn('error', [...errors, ...seen].flatMap(printed), []), [])
  finish(t, { errors: 0 })
})
