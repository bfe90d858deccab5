// The configuration of oidc-provider. What it would warn about when left to a default is said here: features, lifetimes, pages.
import { generateKeyPair, randomBytes, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { createMemoryAdapter } from './memory-adapter.js'
import { renderErrorPage, renderLogoutPage, renderLoggedOutPage } from './pages.js'

const day = 24 * 60 * 60

/** @returns {Promise<import('oidc-provider').Configuration>} */
export async function createConfiguration ({ users, clientId, clientSecret, redirectUris, accessTokenSeconds }) {
  return {
    adapter: createMemoryAdapter(),
    jwks: { keys: [await createSigningKey()] },
    clients: [createClient({ clientId, clientSecret, redirectUris })],
    clientAuthMethods: ['client_secret_basic'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', 'notes:read', 'notes:write'],
    claims: { openid: ['sub'], profile: ['name', 'picture'], email: ['email', 'email_verified'] },
    findAccount: (ctx, id) => users.findAccount(id),
    // A refresh token for every login, whether or not offline_access came with prompt=consent, and a new one for every refresh.
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    // Access tokens are short on purpose: 15 seconds of tolerance, the default, would hide their end.
    clockTolerance: 0,
    ttl: createLifetimes(accessTokenSeconds),
    cookies: createCookies(),
    clientBasedCORS: () => false,
    renderError: renderErrorPage,
    features: createFeatures(),
    // Its own dispatcher refuses loopback, where the app is told of logouts.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined })
  }
}

/** @returns {import('oidc-provider').ClientMetadata} */
function createClient ({ clientId, clientSecret, redirectUris }) {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    client_name: 'fastify-oauth demo',
    redirect_uris: redirectUris,
    // Beside the callback, as the plugin has them.
    post_logout_redirect_uris: redirectUris.map((uri) => new URL('logout/callback', uri).href),
    backchannel_logout_uri: new URL('backchannel-logout', redirectUris[0]).href,
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic'
  }
}

function createFeatures () {
  return {
    backchannelLogout: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    resourceIndicators: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: renderLogoutPage,
      postLogoutSuccessSource: renderLoggedOutPage
    }
  }
}

function createLifetimes (accessTokenSeconds) {
  return {
    AccessToken: accessTokenSeconds,
    AuthorizationCode: 60,
    IdToken: 60 * 60,
    Interaction: 60 * 60,
    RefreshToken: day,
    Session: day,
    Grant: day
  }
}

function createCookies () {
  return {
    keys: [randomBytes(32).toString('base64url')],
    // Cookies do not tell ports apart, so these share a jar with the app's own.
    names: { session: 'demo_id_session', interaction: 'demo_id_interaction', resume: 'demo_id_resume' }
  }
}

async function createSigningKey () {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' }
}
