// The same, with @fastify/cookie, which the plugin registers where it is missing.
import cookie from '@fastify/cookie'

export async function register (app) {
  await app.register(cookie)
  app.get('/hello', async () => ({ hello: 'world' }))
}
