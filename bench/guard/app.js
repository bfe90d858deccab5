// Serves one candidate: node app.js <candidate> <issuer>
import { serve } from '../kit/app.js'
import { client } from '../kit/provider.js'

const [candidate, issuer] = process.argv.slice(2)
const { loginPath, register } = await import(`./candidates/${candidate}.js`)

await serve(async (app, origin) => {
  await register(app, { origin, issuer, client, isOpenId: true })
  return { loginPath, isOpenId: true }
})
