// Registers a client where its provider allows that (RFC 7591): from a provider's options to those by which it can be registered here.
import type { OAuthClientRegistration, OAuthDynamicProviderOptions } from '../types/registration.js'
import { publicJwkOf } from './client-key.js'
import { oauthError } from './errors.js'
import { parseDynamicOptions } from './options.js'
import type { ProviderOptions } from './options.js'
import { Provider } from './provider.js'
import type { ProviderSurroundings } from './provider.js'

/** Throws FST_OAUTH_INVALID_OPTIONS before anything is registered, and what the provider answers. */
export async function registerClient (name: string, given: OAuthDynamicProviderOptions, { surroundings, check }: { surroundings: ProviderSurroundings, check: (options: ProviderOptions) => void }): Promise<OAuthClientRegistration> {
  const { options, initialAccessToken, metadata } = parseDynamicOptions(name, given)
  check(options)
  const redirectUri = options.callbackUrl ?? surroundings.callbackUrl?.(name)
  if (redirectUri === undefined && options.grant === undefined && metadata.redirect_uris === undefined) throw refused(name, 'callbackUrl is undefined; allowed is an absolute URL, since the option baseUrl is not set')
  if (options.clientKey !== undefined && publicJwkOf(options.clientKey) === undefined && metadata.jwks === undefined && metadata.jwks_uri === undefined) throw refused(name, 'metadata has neither jwks nor jwks_uri; allowed is an object with one of them, since clientKey does not show its public part')
  const provider = new Provider(name, options, surroundings)
  try {
    return await provider.oauth2('dynamic client registration').registration.register({ redirectUri, scope: provider.scope, initialAccessToken, metadata })
  } finally {
    await provider.close()
  }
}

function refused (name: string, what: string): Error {
  return oauthError('FST_OAUTH_INVALID_OPTIONS', [`providers.${name}.${what}`])
}
