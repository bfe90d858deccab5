// This plugin: a guarded route, which looks at the grant.
import { registerSession } from '../../kit/app.js'
import { register as registerLogin } from '../../login/candidates/fastify-oauth.js'

export { loginPath } from '../../login/candidates/fastify-oauth.js'

export async function register (app, options) {
  await registerSession(app)
  await registerLogin(app, options)
  app.get('/length', { config: { oauth: 'bench' } }, async ({ oauth }) => ({ length: oauth.grant.accessToken.length }))
}
