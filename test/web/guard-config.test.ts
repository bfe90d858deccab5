import Fastify from 'fastify'
import t from 'tap'
import { oauthPlugin } from '../../lib/index.js'
import { discovered, read, secret } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

t.test('a wrong config.oauth fails when the route is added, and names it', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  for (const config of [{ scope: ['a'] }, { provider: 'wire', scopes: ['a'] }, { provider: 'wire', scope: 'a' }, { provider: 'wire', scope: ['a b'] }, '', 7, null, undefined, 'wier', { provider: 'wier' }]) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(oauthPlugin, { secret, session: { secret }, providers: { wire: discovered(wire) } })
    t.throws(() => app.get('/wrong', { config: { oauth: config as never } }, async () => 'never'), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /config\.oauth of GET \/wrong/ }, JSON.stringify(config))
  }
})

t.test('a wrong config.oauth of a route that was added before the plugin was loaded never lets anyone in', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(oauthPlugin, { secret, session: { secret }, providers: { wire: discovered(wire) } })
  app.get('/wrong', { config: { oauth: { provider: 'wire', scopes: [] } as never } }, async () => 'never')
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { status, json } = await read(await fetch(`${url}/wrong`))
  t.equal(status, 500)
  t.equal(json.code, 'FST_OAUTH_INVALID_OPTIONS')
})
