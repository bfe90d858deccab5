// The providers of the app: those that the demo brings, and those of the catalogue that the environment has credentials for.
import { catalogue } from 'fastify-oauth/providers'

// It takes a loopback address as a callback, and refuses the name localhost.
const wantsAddress = new Set(['spotify'])
/** @type {Set<string | undefined>} */
const byKey = new Set(['client_secret_signed_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])

/** Options of the plugin for the demo's own provider. */
export function createDemoProvider ({ issuer, apiBaseUrl, clientId, clientSecret, postLogoutRedirectUrl }) {
  return {
    title: 'Demo ID',
    issuer,
    clientId,
    clientSecret,
    scope: ['openid', 'profile', 'email', 'offline_access', 'notes:read'],
    // OpenID Connect Core 1.0 section 11: offline_access comes with consent alone.
    authorizeParams: { prompt: 'consent' },
    apiBaseUrl,
    postLogoutRedirectUrl
  }
}

/**
 * The entries of the catalogue whose credentials are in the environment: NAME_CLIENT_ID, NAME_CLIENT_SECRET, and a variable for
 * each placeholder, such as AUTH0_DOMAIN. Answers `options` by name, what is known of their `endpoints`, and sentences about
 * what is `incomplete`.
 */
export function readKnownProviders (env, url) {
  /** @type {{ options: Record<string, object>, endpoints: Array<{ authorizeUrl?: string, issuer?: string }>, incomplete: string[] }} */
  const known = { options: {}, endpoints: [], incomplete: [] }
  for (const [name, entry] of catalogue) {
    const prefix = name.toUpperCase().replaceAll('-', '_')
    const given = variable => env[`${prefix}_${variable}`] || undefined
    const [clientId, clientSecret] = [given('CLIENT_ID'), given('CLIENT_SECRET')]
    if (clientId === undefined && clientSecret === undefined) continue
    const params = Object.fromEntries(Object.keys(entry.params ?? {}).map(param => [param, given(variableOf(param))]).filter(([, value]) => value !== undefined))
    const missing = missingOf(entry, { clientId, clientSecret, params }).map(variable => `${prefix}_${variable}`)
    if (byKey.has(entry.options.clientAuth)) known.incomplete.push(`${entry.title} is left out: it wants a key, and this demo has secrets alone.`)
    else if (missing.length > 0) known.incomplete.push(`${entry.title} is left out: ${missing.join(' and ')} must be set too.`)
    else {
      known.options[name] = { extends: name, clientId, clientSecret, params, ...callbackOf(name, url) }
      known.endpoints.push(endpointsOf(entry, params))
    }
  }
  return known
}

/**
 * @param {import('fastify-oauth/providers').OAuthCatalogueEntry} entry
 * @param {{ clientId?: string, clientSecret?: string, params: Record<string, string | undefined> }} given
 */
function missingOf ({ params = {}, options }, { clientId, clientSecret, params: given }) {
  const needed = Object.entries(params).filter(([name, spec]) => spec.default === undefined && !spec.optional && given[name] === undefined)
  return [
    ...(clientId === undefined ? ['CLIENT_ID'] : []),
    ...(clientSecret === undefined && options.clientAuth !== 'none' ? ['CLIENT_SECRET'] : []),
    ...needed.map(([name]) => variableOf(name))
  ]
}

// userPoolId is USER_POOL_ID.
function variableOf (param) {
  return param.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

/**
 * @param {import('fastify-oauth/providers').OAuthCatalogueEntry} entry
 * @param {Record<string, string | undefined>} given
 */
function endpointsOf ({ params = {}, options: { authorizeUrl, issuer } }, given) {
  /** @param {string | undefined} address */
  const filled = address => address?.replace(/\{(\w+)\}/g, (_, name) => given[name] ?? params[name]?.default ?? '')
  return { authorizeUrl: filled(authorizeUrl), issuer: filled(issuer) }
}

// The browser comes back to another name than it left, without its cookies: sameHost in security.js puts that right.
function callbackOf (name, url) {
  return wantsAddress.has(name) ? { callbackUrl: `http://127.0.0.1:${new URL(url).port}/oauth/${name}/callback` } : {}
}
