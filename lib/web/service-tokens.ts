// Tokens for services: those of the application itself (RFC 6749 section 4.4, RFC 7523 section 2.1), and exchanged ones (RFC 8693).
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import { clientKey, exchangedKey } from '../grants/obtained-key.js'
import type { WantedToken } from '../grants/obtained.js'
import type { ClientOptions, ExchangeOptions } from '../options.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import type { GrantSource } from './signer.js'
import type { TokenSource } from './token-source.js'

/** The tokens of the application itself at a provider without logins. */
export function clientTokens ({ keeper: { obtained } }: OAuthContext, provider: Provider, { audience, resource, subject, scope = [...provider.scope].sort() }: ClientOptions): TokenSource {
  const { grants } = provider.oauth2('client credentials')
  const wanted: WantedToken = {
    key: clientKey(provider.place, [grants.client, audience, resource, scope, subject]),
    provider: provider.place,
    madeFrom: 'client',
    scope,
    obtain: () => grants.own({ audience, resource, subject, scope })
  }
  const current = () => obtained.fresh(wanted)
  return {
    provider,
    current,
    known: current,
    ready: async grant => grant,
    renew: refused => obtained.renew(wanted, refused),
    markOf: () => wanted.madeFrom
  }
}

/** What the tokens of a source are exchanged for at a provider, which may be another. */
export function exchangedTokens ({ keeper: { obtained } }: OAuthContext, { subject, provider, options }: { subject: TokenSource, provider: Provider, options: ExchangeOptions }): GrantSource {
  const { audience, resource, scope = [], requestedTokenType } = options
  const refuse = () => oauthError('FST_OAUTH_GRANT_REQUIRED', [subject.provider.name])
  const grants = () => provider.oauth2('token exchange').grants
  const wantedFor = (grant: OAuthGrant): WantedToken => ({
    key: exchangedKey(grant, [provider.place, grants().client, audience, resource, scope, requestedTokenType]),
    provider: provider.place,
    madeFrom: subject.markOf(grant),
    scope,
    async obtain () {
      // Of this very grant: the owner may have logged in with another account meanwhile.
      const ready = await subject.ready(grant)
      if (ready === null) throw refuse()
      return grants().exchange({ subjectToken: ready.accessToken, audience, resource, scope, requestedTokenType })
    }
  })
  const wanted = async () => {
    const grant = await subject.known()
    if (grant === null) throw refuse()
    return wantedFor(grant)
  }
  return {
    current: async () => obtained.fresh(await wanted()),
    renew: async refused => obtained.renew(await wanted(), refused)
  }
}
