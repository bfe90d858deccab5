// This plugin.
import oauthPlugin from 'fastify-oauth'

export const loginPath = '/oauth/bench'

export async function register (app, { origin, issuer, client, isOpenId }) {
  const endpoints = isOpenId
    ? { issuer, scope: ['openid', 'profile', 'email'] }
    : { authorizeUrl: `${issuer}/authorize`, accessTokenUrl: `${issuer}/token`, scope: ['notes'] }
  await app.register(oauthPlugin, {
    baseUrl: origin,
    secret: 'another secret of the benchmark, 32 bytes at least',
    providers: { bench: { clientId: client.id, clientSecret: client.secret, apiBaseUrl: `${issuer}/api/`, ...endpoints } }
  })
  app.get('/me', async (request) => ({ accessToken: (await request.oauth.loadGrant())?.accessToken.length }))
}
