// The reference: a login as one writes it by hand, with care, from undici, jose and @fastify/session.
import { createHash, randomBytes } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Agent, request } from 'undici'

export const loginPath = '/login'

const random = () => randomBytes(32).toString('base64url')
const deadline = 10_000

export function register (app, { origin, issuer, client, isOpenId }) {
  const dispatcher = new Agent()
  const redirectUri = `${origin}/login/callback`
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')}`
  let known

  // Discovered once; a failure is not kept.
  function provider () {
    known ??= (isOpenId ? discover() : Promise.resolve({ authorizeUrl: `${issuer}/authorize`, tokenUrl: `${issuer}/token` }))
      .catch(error => { known = undefined; throw error })
    return known
  }

  async function discover () {
    const { statusCode, body } = await request(`${issuer}/.well-known/openid-configuration`, { dispatcher, signal: AbortSignal.timeout(deadline) })
    const metadata = await body.json()
    if (statusCode !== 200 || metadata.issuer !== issuer) throw new Error('discovery failed')
    return { authorizeUrl: metadata.authorization_endpoint, tokenUrl: metadata.token_endpoint, keys: createRemoteJWKSet(new URL(metadata.jwks_uri)) }
  }

  app.get(loginPath, async (request, reply) => {
    const { authorizeUrl } = await provider()
    const state = random()
    const verifier = random()
    const nonce = isOpenId ? random() : undefined
    const url = new URL(authorizeUrl)
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      scope: isOpenId ? 'openid profile email' : 'notes',
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(isOpenId ? { nonce } : {})
    }).toString()
    request.session.login = { state, verifier, nonce, startedAt: Date.now() }
    return reply.header('cache-control', 'no-store').redirect(url.href, 303)
  })

  app.get('/login/callback', async (request, reply) => {
    const { login } = request.session
    const { state, code, error, iss } = request.query
    reply.header('cache-control', 'no-store')
    if (login === undefined || state !== login.state || Date.now() - login.startedAt > 600_000) return reply.code(400).send({ error: 'this login was not started here' })
    // Once only, whatever becomes of it.
    request.session.login = undefined
    if (isOpenId && iss !== issuer) return reply.code(400).send({ error: 'the answer is of another issuer' })
    if (error !== undefined) return reply.code(403).send({ error: 'the login was denied' })
    if (typeof code !== 'string') return reply.code(400).send({ error: 'the callback has no code' })

    const { tokenUrl, keys } = await provider()
    const tokens = await exchange(tokenUrl, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: login.verifier })
    const claims = isOpenId ? await verify(tokens.id_token, keys, login.nonce) : undefined

    await request.session.regenerate()
    request.session.user = claims
    request.session.tokens = {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token,
      scope: tokens.scope,
      expiresAt: tokens.expires_in === undefined ? undefined : Date.now() + tokens.expires_in * 1_000
    }
    return reply.redirect('/', 303)
  })

  async function exchange (tokenUrl, form) {
    const { statusCode, body } = await request(tokenUrl, {
      method: 'POST',
      dispatcher,
      signal: AbortSignal.timeout(deadline),
      headers: { authorization, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString()
    })
    const tokens = await body.json()
    if (statusCode !== 200 || typeof tokens.access_token !== 'string' || tokens.token_type?.toLowerCase() !== 'bearer') throw new Error('the token endpoint refused')
    return tokens
  }

  async function verify (idToken, keys, nonce) {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer,
      audience: client.id,
      algorithms: ['RS256'],
      clockTolerance: 60,
      requiredClaims: ['sub', 'iat', 'exp', 'nonce']
    })
    if (payload.nonce !== nonce) throw new Error('the id_token has another nonce')
    if (payload.azp !== undefined && payload.azp !== client.id) throw new Error('the id_token was issued to another client')
    return payload
  }

  app.get('/me', async (request) => ({ accessToken: request.session.tokens?.accessToken.length }))
}
