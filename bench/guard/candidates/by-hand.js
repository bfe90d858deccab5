// The reference: a handler that reads the token from @fastify/session and looks at its expiry.
import { registerSession } from '../../kit/app.js'
import { register as registerLogin } from '../../login/candidates/by-hand.js'

export { loginPath } from '../../login/candidates/by-hand.js'

export async function register (app, options) {
  await registerSession(app)
  registerLogin(app, options)

  app.get('/length', async ({ session }, reply) => {
    const { tokens } = session
    if (tokens === undefined || tokens.expiresAt <= Date.now()) return reply.code(401).send({ error: 'log in first' })
    return { length: tokens.accessToken.length }
  })
}
