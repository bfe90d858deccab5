// This plugin: a guarded route, and a call that signs itself.
import { registerSession } from '../../kit/app.js'
import { register as registerLogin } from '../../login/candidates/fastify-oauth.js'

export { loginPath } from '../../login/candidates/fastify-oauth.js'

export async function register (app, options) {
  await registerSession(app)
  await registerLogin(app, options)

  app.get('/notes', { config: { oauth: 'bench' } }, async (request, reply) => {
    const { statusCode, body } = await request.oauth.get('notes')
    return reply.code(statusCode).send(await body.json())
  })
}
