// A40: a mistake in the options does not put a secret into an error, and what the plugin hands out prints none.
import { inspect } from 'node:util'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { oauthPlugin } from '../../lib/index.js'
import type { OAuthPluginOptions } from '../../lib/index.js'
import { RecordingBrowser, leaksIn, leaksOf, printed } from '../fixtures/canaries.js'
import { startScene } from '../fixtures/scene.js'

const right = { clientId: 'client', issuer: 'https://issuer.example' }
const session = { secret: 'a canary secret for the sessions of a test' }
const canary = 'canary-of-more-than-32-characters-in-all'

const mistakes: Record<string, unknown> = {
  'a client secret that is no text': { providers: { test: { ...right, clientSecret: [canary] } } },
  'a client secret under another name': { providers: { test: { ...right, clientsecret: canary } } },
  'a client secret at the top': { clientSecret: canary, providers: { test: right } },
  'a client secret without an issuer': { providers: { test: { clientId: 'client', clientSecret: canary } } },
  'a secret that is too short': { secret: 'canary', providers: {} },
  'one of several secrets that is too short': { secret: [canary, 'canary'], providers: {} },
  'a secret that is an object': { secret: { key: canary }, providers: {} },
  'a secret of the session that is too short': { session: { secret: 'canary' }, providers: {} },
  'a secret of the session under another name': { session: { secrets: canary }, providers: {} },
  'a key of the client that is none': { providers: { test: { ...right, clientKey: canary } } },
  'a key of the client that is an object': { providers: { test: { ...right, clientKey: { kty: 'EC', d: canary } } } },
  'a certificate that is none': { providers: { test: { ...right, clientCert: canary, clientCertKey: canary } } },
  'claims of a secret that nobody makes': { providers: { test: { ...right, clientSecretClaims: { iss: canary } } } },
  'parameters that are no text': { providers: { test: { ...right, accessTokenParams: { client_assertion: 5, assertion: canary } } } },
  'parameters that are a text': { providers: { test: { ...right, accessTokenParams: `client_assertion=${canary}` } } },
  'parameters that the plugin sets itself': { providers: { test: { ...right, accessTokenParams: { client_secret: canary } } } },
  'parameters of the authorization that are wrong': { providers: { test: { ...right, authorizeParams: { client_secret: canary } } } }
}

t.test('A40: mistakes in the options', async (t) => {
  for (const [name, options] of Object.entries(mistakes)) {
    const logs: string[] = []
    const app = Fastify({ logger: { level: 'trace', stream: { write (line: string) { logs.push(line) } } } }) as unknown as FastifyInstance
    const error: unknown = await app.register(oauthPlugin, { session, ...options as OAuthPluginOptions }).then(() => app.ready()).then(() => null, (reason: unknown) => reason)
    await app.close()
    t.match(error, { code: 'FST_OAUTH_INVALID_OPTIONS' }, name)
    t.strictSame([...leaksIn('error', printed(error), []), ...leaksIn('log', logs, [])], [], name)
  }
})

t.test('A40: mistakes in a provider that is added later', async (t) => {
  const { app } = await startScene(t)
  for (const options of [{ ...right, clientSecret: 5, secret: canary }, { ...right, clientSecret: canary, clientAuth: 'none of them' }, { clientId: 'client', clientSecret: canary }]) {
    try {
      app.oauth.providers.register('later', options as never)
      t.fail('it was taken')
    } catch (error) {
      t.strictSame(leaksIn('error', printed(error), []), [])
    }
  }
})

t.test('A40: parameters that a function answers wrongly', async (t) => {
  const answers: unknown[] = [`client_assertion=${canary}`, { client_assertion: [canary] }, { client_secret: canary }, { client_assertion: { canary } }, null, 5]
  for (const option of ['accessTokenParams', 'authorizeParams']) {
    for (const answer of answers) {
      const errors: unknown[] = []
      const scene = await startScene(t, { provider: { [option]: async () => answer }, plugin: { onError ({ error }) { errors.push(error) } } })
      const browser = new RecordingBrowser()
      const started = await browser.request(`${scene.url}/oauth/test`)
      const status = started.status === 303 ? (await browser.request(scene.provider.callbackFor(String(started.headers.get('location'))))).status : started.status
      t.equal(status, 500, `${option}: ${JSON.stringify(answer)}`)
      t.equal(errors.length, 1)
      t.strictSame(leaksOf(scene, { replies: browser.replies, errors }), [], `${option}: ${JSON.stringify(answer)}`)
    }
  }
})

t.test('A40: what the plugin hands out', async (t) => {
  const found: string[] = []
  const scene = await startScene(t, {
    app: {
      routes (app) {
        app.get('/handed-out', { config: { oauth: 'test' } }, async (request) => {
          const { oauth } = request
          const provider = app.oauth.providers.get('test')
          const client = app.oauth.client('test', { owner: 'owner' })
          const handedOut = [oauth, oauth.use('test'), provider, app.oauth, app.oauth.providers, client]
          for (const one of handedOut) found.push(inspect(one, { depth: 10, showHidden: true }), JSON.stringify(one) ?? '')
          for (const one of [oauth.grant, await oauth.grants()]) found.push(JSON.stringify(one), JSON.stringify({ one }), String(one))
          return 'done'
        })
      }
    }
  })
  const browser = await scene.login()
  t.equal((await browser.open(`${scene.url}/handed-out`)).text, 'done')
  t.ok(found.length >= 18)
  t.strictSame(leaksIn('handed out', found, ['a secret of 32 bytes for the tests']), [])
})
