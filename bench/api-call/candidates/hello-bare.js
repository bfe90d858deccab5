// A route in an application with nothing but @fastify/cookie.
import cookie from '@fastify/cookie'

export async function register (app) {
  await app.register(cookie)
  app.get('/hello', async () => ({ hello: 'world' }))
}
