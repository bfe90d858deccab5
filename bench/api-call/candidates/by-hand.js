// The reference: the token from the session, the call by undici.
import { Agent, request } from 'undici'
import { registerSession } from '../../kit/app.js'
import { register as registerLogin } from '../../login/candidates/by-hand.js'

export { loginPath } from '../../login/candidates/by-hand.js'

export async function register (app, options) {
  const dispatcher = new Agent()
  const url = `${options.issuer}/api/notes`
  await registerSession(app)
  registerLogin(app, options)

  app.get('/notes', async ({ session }, reply) => {
    const { tokens } = session
    if (tokens === undefined || tokens.expiresAt <= Date.now()) return reply.code(401).send({ error: 'log in first' })
    const { statusCode, body } = await request(url, { dispatcher, headers: { authorization: `Bearer ${tokens.accessToken}` } })
    return reply.code(statusCode).send(await body.json())
  })
}
