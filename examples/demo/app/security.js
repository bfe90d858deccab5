// What every reply and request of the app has to pass: a strict Content-Security-Policy, one host name, no foreign POST.

/**
 * `endpoints` has `authorizeUrl` or `issuer` of each provider. Chromium applies form-action to the redirects after a form too, and a form
 * whose grant has gone ends at the provider.
 */
export function protect (app, { url, endpoints }) {
  const policy = createPolicy(endpoints)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      // Not no-referrer: the plugin takes a script's page from it, to bring the user back there after a login.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store'
    })
    return sameHost(request, reply, url) ?? sameOrigin(request, reply)
  })
}

function createPolicy (endpoints) {
  const origins = [...new Set(endpoints.map(({ authorizeUrl, issuer }) => new URL(authorizeUrl ?? issuer).origin))]
  // Pictures come from the demo's provider, and from hosts that the others do not tell beforehand.
  const pictures = origins.map((origin) => origin.startsWith('https:') ? 'https:' : origin)
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' data: ${[...new Set(pictures)].join(' ')}`,
    `form-action 'self' ${origins.join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ].join('; ')
}

// Cookies belong to a host name: a login that began on 127.0.0.1 would not be found again on localhost.
function sameHost (request, reply, url) {
  if (request.headers.host === new URL(url).host) return undefined
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply.code(421).send({ error: `This app is at ${url}` })
  return reply.redirect(`${url}${request.url}`, 307)
}

// Other ports of localhost are the same site, so that SameSite cookies come along from there.
function sameOrigin (request, reply) {
  const site = request.headers['sec-fetch-site'] ?? 'same-origin'
  if (request.method !== 'POST' || site === 'same-origin') return undefined
  return reply.code(403).send({ error: 'This was sent by another page' })
}
