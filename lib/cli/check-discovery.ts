// What a provider itself answers: its metadata, and its clock (OpenID Connect Discovery 1.0, RFC 8414).
import { isOAuthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import { connectionsOf } from '../http/connections.js'
import { createTransport } from '../http/transport.js'
import type { Transport, TransportOptions } from '../http/transport.js'
import { implied, offered } from '../oauth2/client-auth.js'
import { metadataOf } from '../oauth2/metadata.js'
import { isLoopback } from '../options.js'
import type { ProviderOptions } from '../options.js'
import { findings } from './finding.js'
import type { Finding } from './finding.js'
import type { Secrets } from './secrets.js'

interface Surroundings {
  dispatcher: TransportOptions['dispatcher']
  /** Milliseconds for each request. */
  timeout: number
  clock: () => number
  secrets: Secrets
}

type Metadata = Awaited<ReturnType<ReturnType<typeof metadataOf>>>

// Origins of the API: nothing is called there.
const none: ReadonlySet<string> = new Set()
const skew = { warn: 30_000, error: 300_000 }

/** Asks one provider. */
export async function checkProvider (name: string, options: ProviderOptions, { dispatcher, timeout, clock, secrets }: Surroundings): Promise<Finding[]> {
  const allows = (url: URL) => url.protocol === 'https:' || isLoopback(url) || options.allowInsecureRequests
  const connections = connectionsOf(options, { provider: name, dispatcher, to: none.has.bind(none) })
  const transport = createTransport({ dispatcher: connections.endpoints, provider: name, timeout, allows })
  const explain = ({ code, message }: OAuthError) => `${code}: ${secrets.hide(message)}`
  try {
    const [metadata, clocks] = await Promise.all([
      options.issuer === undefined ? [] : checkMetadata(name, options, { transport, clock, allows, explain }),
      checkClock(name, options, { transport, clock, explain })
    ])
    return [...metadata, ...clocks]
  } finally {
    // Not waited for: a connection may hang.
    connections.close()
  }
}

interface Asking { transport: Transport, clock: () => number, explain: (error: OAuthError) => string }

async function checkMetadata (name: string, options: ProviderOptions, { explain, ...asking }: Asking & { allows: (url: URL) => boolean }): Promise<Finding[]> {
  const { ok } = findings(name)
  const { scope = ['openid'], grant, idTokenAlg, issuer } = options
  const needsKeys = scope.includes('openid') && grant === undefined && idTokenAlg !== 'HS256'
  try {
    const server = await metadataOf({ provider: name, options, ...asking, needsKeys })()
    const pkce = server.code_challenge_methods_supported === undefined ? 'PKCE is not mentioned, and is used' : `PKCE by ${server.code_challenge_methods_supported.join(', ')}`
    return [ok('discovery', `the metadata of ${issuer} can be used; ${pkce}`), ...checkOffers(name, options, server)]
  } catch (error) {
    const failure = error as OAuthError
    return [findings(name).error('discovery', explain(failure), adviceOn(failure, issuer))]
  }
}

function adviceOn ({ code, message }: OAuthError, issuer = ''): string {
  if (message.includes('the option issuer is')) return 'set issuer to exactly what the metadata name'
  const [wellKnown] = /\/\.well-known\/.*$/.exec(issuer) ?? []
  if (wellKnown !== undefined) return `take ${wellKnown} off the end of the option issuer: it is added by itself`
  if (code === 'FST_OAUTH_DISCOVERY_FAILED' && /status 5\d\d$/.test(message)) return 'the provider is in trouble, or knows no such issuer: try again later, and check the option issuer'
  if (code === 'FST_OAUTH_DISCOVERY_FAILED') return 'check the option issuer: <issuer>/.well-known/openid-configuration must be there; or give the endpoints by hand'
  return code === 'FST_OAUTH_PKCE_UNSUPPORTED' ? 'turn on PKCE with S256 at the provider' : 'check the address, DNS, the firewall, and the certificate of the provider'
}

function checkOffers (name: string, { scope = [], clientAuth, ...options }: ProviderOptions, server: Metadata): Finding[] {
  const { warn, error } = findings(name)
  const { scopes_supported: scopes, token_endpoint_auth_methods_supported: methods } = server
  const missing = scopes === undefined ? [] : scope.filter(one => !scopes.includes(one))
  const way = clientAuth ?? implied(options) ?? offered(methods)
  // With client_secret_signed_jwt the JWT is the secret, and is sent as client_secret_post sends one.
  const shown = way === 'client_secret_signed_jwt' ? 'client_secret_post' : way
  return [
    ...(missing.length === 0 ? [] : [warn('discovery', `the metadata do not list the scopes ${missing.join(' ')}`, 'see whether the provider knows them')]),
    ...(methods === undefined || methods.includes(shown) ? [] : [error('clientAuth', `the client would authenticate by ${shown}, and the provider offers ${methods.join(', ')}`, 'set clientAuth to one of these')])
  ]
}

async function checkClock (name: string, options: ProviderOptions, { transport, clock, explain }: Asking): Promise<Finding[]> {
  const { ok, warn, error } = findings(name)
  const url = new URL((options.issuer ?? options.accessTokenUrl) as string)
  const asked = clock()
  const answer = await transport(url, { method: 'HEAD', headers: {}, redirects: 3 }).catch((error: OAuthError) => error)
  const now = clock()
  const reached = options.issuer === undefined ? [ok('reachable', `${url.origin} answers`)] : []
  if (isOAuthError(answer)) {
    if (answer.code === 'FST_OAUTH_PROVIDER_REDIRECT') return reached
    // With an issuer the same is said of its metadata.
    return options.issuer === undefined ? [error('reachable', explain(answer), adviceOn(answer))] : []
  }
  const theirs = Date.parse(String(answer.headers.date))
  if (Number.isNaN(theirs)) return reached
  // Date has whole seconds, and was written somewhere between the question and the answer.
  const away = theirs + 999 < asked ? theirs + 999 - asked : theirs > now ? theirs - now : 0
  const seconds = Math.round(Math.abs(away) / 1_000)
  const message = `this machine's clock is ${seconds} seconds ${away > 0 ? 'behind' : 'ahead of'} the provider's`
  const advice = 'synchronize it (NTP): signatures, id_tokens and expiry depend on it'
  if (Math.abs(away) < skew.warn) return [...reached, ok('clock', seconds === 0 ? 'as the provider\'s' : message)]
  return [...reached, (Math.abs(away) < skew.error ? warn : error)('clock', message, advice)]
}
