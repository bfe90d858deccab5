// The same, with this plugin, whose owner is named by the application: no session.
import oauthPlugin from 'fastify-oauth'

export async function register (app, { origin, issuer, client }) {
  await app.register(oauthPlugin, {
    baseUrl: origin,
    secret: 'another secret of the benchmark, 32 bytes at least',
    owner: () => 'somebody',
    providers: { bench: { clientId: client.id, clientSecret: client.secret, issuer } }
  })
  app.get('/hello', async () => ({ hello: 'world' }))
}
