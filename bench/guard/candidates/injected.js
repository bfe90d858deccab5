// This plugin: the same, with the token on the request as a proxy would forward it.
import { registerSession } from '../../kit/app.js'
import { register as registerLogin } from '../../login/candidates/fastify-oauth.js'

export { loginPath } from '../../login/candidates/fastify-oauth.js'

export async function register (app, options) {
  await registerSession(app)
  await registerLogin(app, options)
  app.get('/length', { config: { oauth: { provider: 'bench', inject: { request: true } } } }, async ({ headers }) => ({ length: headers.authorization.slice('Bearer '.length).length }))
}
