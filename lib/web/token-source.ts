// Where the token of a signed call comes from: a grant of the store, or the application's own store (the option tokenGetter).
import type { FastifyRequest } from 'fastify'
import { hash } from 'node:crypto'
import type { OAuthGrant } from '../../types/grant.js'
import { createGrant, freshnessOf } from '../grants/grant.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import type { GrantSource, ProviderSource } from './signer.js'

/** Whose tokens they are. */
export interface TokenOwner {
  request: FastifyRequest | undefined
  /** Asked when it is needed; null where there is none. */
  owner: () => Promise<string | null> | string | null
  account: string | undefined
}

/** A source whose token others can be exchanged for. */
export interface TokenSource extends GrantSource, ProviderSource {
  /** The grant as it is, however old. */
  known (): Promise<OAuthGrant | null>
  /** That grant, with a token that can be used now. */
  ready (grant: OAuthGrant): Promise<OAuthGrant | null>
  /** Names what a token that is exchanged for this grant's is made from. */
  markOf (grant: OAuthGrant): string
}

/** The tokens of an owner at a provider. Throws FST_OAUTH_NO_LOGINS. */
export function tokensOf (context: OAuthContext, provider: Provider, whose: TokenOwner): TokenSource {
  provider.checkLogins()
  return provider.hasOwnTokens ? ownTokens(context, provider, whose) : new StoredTokens(context, provider, whose)
}

// A class: every guarded request makes one.
class StoredTokens implements TokenSource {
  readonly provider: Provider
  readonly #keeper: OAuthContext['keeper']
  readonly #whose: TokenOwner

  constructor ({ keeper }: OAuthContext, provider: Provider, whose: TokenOwner) {
    this.provider = provider
    this.#keeper = keeper
    this.#whose = whose
  }

  async known (): Promise<OAuthGrant | null> {
    const owner = await this.#whose.owner()
    return owner === null ? null : this.#keeper.find(this.#of(owner))
  }

  async current (): Promise<OAuthGrant | null> {
    const owner = await this.#whose.owner()
    return owner === null ? null : this.#keeper.fresh(this.provider, this.#of(owner))
  }

  ready (grant: OAuthGrant): Promise<OAuthGrant | null> {
    return this.#keeper.ready(this.provider, grant)
  }

  renew (refused: OAuthGrant): Promise<OAuthGrant | null> {
    return this.#keeper.renew(this.provider, refused)
  }

  markOf ({ authorizedAt }: OAuthGrant): string {
    return `login ${authorizedAt}`
  }

  #of (owner: string) {
    return { owner, provider: this.provider.name, tenant: this.provider.tenant, account: this.#whose.account }
  }
}

function ownTokens ({ options: { clock } }: OAuthContext, provider: Provider, { request, owner, account }: TokenOwner): TokenSource {
  const ready = async (grant: OAuthGrant | null) => grant === null || freshnessOf(grant, clock()) === 'expired' ? null : grant
  const ask = async () => {
    const id = await owner()
    const tokens = await provider.ownTokens({ request, owner: id ?? undefined, tenant: provider.tenant, account })
    if (tokens === null) return null
    const { tokenType = 'bearer', scope = provider.scope } = tokens
    return ready(createGrant({
      ...nothingElse,
      ...tokens,
      provider: provider.name,
      tenant: provider.tenant,
      owner: id ?? '',
      account: account ?? 'default',
      tokenType: tokenType.toLowerCase(),
      scope
    }))
  }
  return {
    provider,
    known: ask,
    current: ask,
    ready,
    async renew (refused) {
      const grant = await ask()
      return grant?.accessToken === refused.accessToken ? null : grant
    },
    markOf: ({ accessToken }) => `token ${hash('sha256', `fastify-oauth token ${accessToken}`, 'base64url')}`
  }
}

const nothingElse = { subject: undefined, tokenSecret: undefined, expiresAt: undefined, refreshToken: undefined, idToken: undefined, claims: undefined, raw: {}, version: 1, authorizedAt: 0, updatedAt: 0 }
