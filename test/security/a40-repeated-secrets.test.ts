// A40: a provider that repeats the secrets it was sent: none of them reaches a log line, an error or a reply.
import t from 'tap'
import { clientSecret, watch } from '../fixtures/canaries.js'
import type { WireRequest } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const api = { accept: 'application/json' }

/** What a provider may repeat of a request: the whole body, each secret, the header. */
function echo ({ body, form, headers }: WireRequest): string[] {
  const secrets = ['code', 'code_verifier', 'refresh_token', 'token', 'client_secret'].map(name => form.get(name)).filter(value => value !== null)
  return [`cannot read ${body}`, ...secrets.map(secret => `bad value '${secret}'`), `bad client secret ${clientSecret}`, `bad header ${headers.authorization}`, `bad credentials ${String(headers.authorization).replace('Basic ', '')}`, `${secrets.join(' ')} `.repeat(30)]
}

const echoes = 9

for (const clientAuth of ['client_secret_basic', 'client_secret_post'] as const) {
  t.test(`A40: a token endpoint whose errors repeat the request: ${clientAuth}`, async (t) => {
    const { scene, browser, tick, finish } = await watch(t, { provider: { clientAuth } })
    const user = browser()
    await scene.login(user)
    let expected = 0
    for (let index = 0; index < echoes; index++) {
      for (const [error, status] of [['invalid_grant', 400], ['invalid_client', 401], ['server_error', 400], ['invalid_request', 200]] as const) {
        scene.provider.on('/token', (request) => {
          const text = echo(request)[index] ?? 'nothing to say'
          return { status, headers: { 'www-authenticate': `Basic realm="${request.headers.authorization}"` }, body: { error, error_description: text, error_uri: `https://a.example/?${request.body}` } }
        })
        for (const headers of [api, { accept: 'text/html' }]) {
          const failing = browser()
          t.ok((await failing.request(await scene.callback(failing), { headers })).status >= 400)
          expected++
        }
      }
      scene.provider.on('/token', request => ({ status: 400, body: { error: echo(request)[index] ?? 'nothing', error_description: 5 } }))
      const failing = browser()
      await failing.request(await scene.callback(failing))
    }
    tick(3_601_000)
    for (let index = 0; index < echoes; index++) {
      scene.provider.on('/token', request => ({ status: 400, body: { error: 'invalid_request', error_description: echo(request)[index] ?? 'nothing' } }))
      t.ok((await user.request(`${scene.url}/call`, { headers: api })).status >= 400)
    }
    scene.provider.on('/token', request => ({ status: 400, body: { error: 'invalid_grant', error_description: `spent: ${request.form.get('refresh_token')}` } }))
    t.equal((await user.request(`${scene.url}/call`, { headers: api })).status, 401)
    finish(t, { errors: expected })
  })
}

t.test('A40: long codes, and secrets beyond ASCII, that are repeated', async (t) => {
  for (const secret of [clientSecret, 'geheim-canary-ü-日本', 'canary']) {
    const { scene, browser, finish } = await watch(t, { provider: { clientSecret: secret, clientAuth: 'client_secret_post' } })
    for (const code of [`code-canary-${'x'.repeat(1_500)}`, `code-canary-${'x'.repeat(700)}`, 'code-canary-é', 'canary "quoted" \\ code']) {
      scene.provider.on('/token', ({ form }) => ({ status: 400, body: { error: 'invalid_grant', error_description: `${form.get('code')} is not ${form.get('code')}, nor ${form.get('client_secret')}` } }))
      const user = browser()
      const state = new URL(await scene.begin(user)).searchParams.get('state')
      t.equal((await user.request(`${scene.url}/oauth/test/callback?${new URLSearchParams({ code, state: String(state) })}`)).status, 400)
    }
    finish(t, { errors: 4 })
  }
})
