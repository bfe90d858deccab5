// A route that has nothing to do with logins, in an application with a session.
import { registerSession } from '../../kit/app.js'

export async function register (app) {
  await registerSession(app)
  app.get('/hello', async () => ({ hello: 'world' }))
}
