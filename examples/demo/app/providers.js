// The providers of the app: the one that the demo brings, and the known ones that the environment has credentials for.
import { knownProviders } from '../known-providers.js'

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

/** `{ options, incomplete }` of the known providers: incomplete are sentences about half-set credentials. */
export function readKnownProviders (env, url) {
  const options = {}
  const incomplete = []
  for (const [name, { title, callbackHost, ...facts }] of Object.entries(knownProviders)) {
    const [idName, secretName] = [`${name.toUpperCase()}_CLIENT_ID`, `${name.toUpperCase()}_CLIENT_SECRET`]
    const { [idName]: clientId, [secretName]: clientSecret } = env
    if (clientId && clientSecret) options[name] = { title, ...facts, ...callbackOn(callbackHost, url, name), clientId, clientSecret }
    else if (clientId) incomplete.push(`${title} is left out: ${idName} is set and ${secretName} is not.`)
    else if (clientSecret) incomplete.push(`${title} is left out: ${secretName} is set and ${idName} is not.`)
  }
  return { options, incomplete }
}

// The browser comes back to another name than it left, without its cookies: sameHost in security.js puts that right.
function callbackOn (host, url, name) {
  return host ? { callbackUrl: `http://${host}:${new URL(url).port}/oauth/${name}/callback` } : {}
}
