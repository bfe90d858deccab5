// The same, with this plugin.
import { registerSession } from '../../kit/app.js'
import { register as registerLogin } from '../../login/candidates/fastify-oauth.js'

export async function register (app, options) {
  await registerSession(app)
  await registerLogin(app, options)
  app.get('/hello', async () => ({ hello: 'world' }))
}
