// openid-client 6 in a handler, as its examples have it, with the signature of the id_token verified.
import * as openid from 'openid-client'

export const loginPath = '/login'

export async function register (app, { origin, issuer, client }) {
  const redirectUri = `${origin}/login/callback`
  const config = await openid.discovery(new URL(issuer), client.id, undefined, openid.ClientSecretBasic(client.secret), {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks]
  })

  app.get(loginPath, async (request, reply) => {
    const state = openid.randomState()
    const nonce = openid.randomNonce()
    const verifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid profile email',
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256'
    })
    request.session.login = { state, nonce, verifier }
    return reply.redirect(url.href, 303)
  })

  app.get('/login/callback', async (request, reply) => {
    const { login } = request.session
    if (login === undefined) return reply.code(400).send({ error: 'this login was not started here' })
    request.session.login = undefined
    const tokens = await openid.authorizationCodeGrant(config, new URL(request.url, origin), {
      expectedState: login.state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.verifier,
      idTokenExpected: true
    })
    await request.session.regenerate()
    request.session.user = tokens.claims()
    request.session.tokens = {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token,
      scope: tokens.scope,
      expiresAt: Date.now() + tokens.expires_in * 1_000
    }
    return reply.redirect('/', 303)
  })

  app.get('/me', async (request) => ({ accessToken: request.session.tokens?.accessToken.length }))
}
