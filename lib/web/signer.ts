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

export function signerOf (provider: Provider, source: GrantSource): Signer {
  const signature = async (grant: OAuthGrant, call: CallToSign): Promise<Signature> => {
    const { headers, path, body } = await provider.sign(grant, call)
    const renew = async () => {
      const next = await source.renew(grant)
      return next === null ? null : signature(next, call)
    }
    return { headers, path, body, renew }
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
