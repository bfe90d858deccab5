// Joins a provider's signature with the source of its tokens, for the signing interceptor.
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { CallToSign } from '../http/call-to-sign.js'
import type { Signature, Signer } from '../http/sign.js'
import type { Provider } from '../provider.js'

/** Where the grant of a signed call comes from. */
export interface GrantSource {
  /** A grant whose token can be used now; null where a login is needed. */
  current (): Promise<OAuthGrant | null>
  /** Another grant than one whose token was refused; null where there is none to be had. */
  renew (refused: OAuthGrant): Promise<OAuthGrant | null>
}

/** A provider that may have to be asked for first, where each tenant has its own. */
export interface ProviderSource {
  /** What it is when `prepare` has ended. */
  readonly provider: Provider
  /** Undefined where nothing is to be waited for. */
  prepare? (): Promise<void> | undefined
}

/** What a call was made again for: the same token, as the refusal wanted it signed; another token. Each once, and the first once more for the second. */
interface Tried { sameToken: boolean, otherToken: boolean }

const nothing: Tried = { sameToken: false, otherToken: false }

export function signerOf (provider: Provider, source: GrantSource): Signer {
  const signature = async (grant: OAuthGrant, call: CallToSign, { sameToken, otherToken }: Tried = nothing): Promise<Signature> => {
    const { headers, path, body, heed } = await provider.sign(grant, call)
    let heeded = false
    const renew = async () => {
      if (heeded) return sameToken ? null : signature(grant, call, { sameToken: true, otherToken })
      const next = otherToken ? null : await source.renew(grant)
      return next === null ? null : signature(next, call, { sameToken: false, otherToken: true })
    }
    if (heed === undefined) return { headers, path, body, renew }
    return { headers, path, body, renew, renewable: !sameToken || !otherToken, heed: answered => (heeded = heed(answered)) }
  }
  return {
    provider: provider.name,
    signsBodies: provider.signsBodies,
    insufficientScope: provider.insufficientScope,
    allowsOrigin: origin => provider.allowsOrigin(origin),
    async sign (call) {
      const grant = await source.current()
      if (grant === null) throw oauthError('FST_OAUTH_GRANT_REQUIRED', [provider.name])
      return signature(grant, call)
    }
  }
}
