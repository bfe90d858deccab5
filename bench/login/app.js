// Serves one candidate: node app.js <candidate> <oidc | oauth2> <issuer>
import { registerSession, serve } from '../kit/app.js'
import { client } from '../kit/provider.js'

const [candidate, protocol, issuer] = process.argv.slice(2)
const { loginPath, register } = await import(`./candidates/${candidate}.js`)
const isOpenId = protocol === 'oidc'

await serve(async (app, origin) => {
  await registerSession(app)
  await register(app, { origin, issuer, client, isOpenId })
  return { loginPath, isOpenId }
})
