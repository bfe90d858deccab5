// Joins a provider's signature with the keeper's grants, for the signing interceptor.
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { GrantKeeper } from '../grants/keeper.js'
import type { CallToSign } from '../http/call-to-sign.js'
import type { Signature, Signer } from '../http/sign.js'
import type { Provider } from '../provider.js'

/** Where the grant of a signed call comes from. */
export interface GrantSource {
  /** A grant whose token can be used now; null where a login is needed. */
  current (): Promise<OAuthGrant | null>
  /** Told of a grant that replaced one whose token was refused. */
  renewed (grant: OAuthGrant): void
}

/** What a call was made again for: the same token, as the refusal wanted it signed; another token. Each once, and the first once more for the second. */
interface Tried { sameToken: boolean, otherToken: boolean }

const nothing: Tried = { sameToken: false, otherToken: false }

export function signerOf (provider: Provider, keeper: GrantKeeper, source: GrantSource): Signer {
  const signature = async (grant: OAuthGrant, call: CallToSign, { sameToken, otherToken }: Tried = nothing): Promise<Signature> => {
    const { headers, path, body, heed } = await provider.sign(grant, call)
    let heeded = false
    const renew = async () => {
      if (heeded) return sameToken ? null : signature(grant, call, { sameToken: true, otherToken })
      const next = otherToken ? null : await keeper.renew(provider, grant)
      if (next === null) return null
      source.renewed(next)
      return signature(next, call, { sameToken: false, otherToken: true })
    }
    if (heed === undefined) return { headers, path, body, renew }
    return { headers, path, body, renew, renewable: !sameToken || !otherToken, heed: answered => (heeded = heed(answered)) }
  }
  return {
    provider: provider.name,
    signsBodies: provider.signsBodies,
    allowsOrigin: origin => provider.allowsOrigin(origin),
    async sign (call) {
      const grant = await source.current()
      if (grant === null) throw oauthError('FST_OAUTH_GRANT_REQUIRED', [provider.name])
      return signature(grant, call)
    }
  }
}
