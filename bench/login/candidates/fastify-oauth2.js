// @fastify/oauth2 as its README has it, with PKCE. It leaves the id_token and the session to the handler; here the handler
// renews the session and keeps the tokens in it, as the others do, and does not verify the id_token.
import oauth2 from '@fastify/oauth2'

export const loginPath = '/login'

export async function register (app, { origin, issuer, client, isOpenId }) {
  const credentials = { client }
  const server = isOpenId
    ? { scope: ['openid', 'profile', 'email'], discovery: { issuer }, credentials }
    : { scope: ['notes'], credentials: { ...credentials, auth: { tokenHost: issuer, tokenPath: '/token', authorizePath: '/authorize' } } }
  await app.register(oauth2, {
    ...server,
    name: 'bench',
    pkce: 'S256',
    startRedirectPath: loginPath,
    callbackUri: `${origin}/login/callback`
  })

  app.get('/login/callback', async function (request, reply) {
    const { token } = await this.bench.getAccessTokenFromAuthorizationCodeFlow(request, reply)
    await request.session.regenerate()
    request.session.tokens = token
    return reply.redirect('/', 303)
  })

  app.get('/me', async (request) => ({ accessToken: request.session.tokens?.access_token.length }))
}
