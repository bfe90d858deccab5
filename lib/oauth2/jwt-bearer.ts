// Assertions as a grant (RFC 7523 section 2.1): what the client signs, and the form that it goes with.
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { ClientSigner } from '../client-key.js'
import { RandomSource } from '../random.js'
import { audienceAt } from './client-auth.js'
import { signJwt } from './jws.js'
import { targetForm } from './token-request.js'
import type { TokenTarget } from './token-request.js'

export interface AssertionOptions {
  provider: string
  options: OAuthProviderOptions
  signer: ClientSigner | undefined
  clock: () => number
}

/** What a token is asked for, and in whose name. */
export interface AssertionTarget extends TokenTarget { subject: string | undefined }

/** Seconds. */
const lifetime = 60

export class Assertions {
  readonly #given: AssertionOptions
  readonly #random = new RandomSource(18)

  constructor (given: AssertionOptions) {
    this.#given = given
  }

  /** All of the request but the grant type. Throws FST_OAUTH_CLIENT_KEY_FAILED. */
  async form (server: AuthorizationServer, { subject, ...target }: AssertionTarget): Promise<URLSearchParams> {
    const { provider, options, signer, clock } = this.#given
    const { clientId, quirks, assertion = {}, accessTokenParams } = options
    const { issuer: iss = clientId, subject: sub = iss, audience: aud = audienceAt(server, options), scopeIn = 'form', claims } = assertion
    const scopeDelimiter = quirks?.scopeDelimiter ?? ' '
    const inClaim = scopeIn === 'claim' && target.scope.length > 0
    const iat = Math.floor(clock() / 1_000)
    const signed = await signJwt(signer as ClientSigner, {
      ...claims,
      iss,
      sub: subject ?? sub ?? undefined,
      aud,
      scope: inClaim ? target.scope.join(scopeDelimiter) : undefined,
      jti: this.#random.next().toString('base64url'),
      iat,
      exp: iat + lifetime
    }, { provider, typ: 'JWT' })
    const form = targetForm(inClaim ? { ...target, scope: [] } : target, { params: accessTokenParams as Record<string, string> | undefined, scopeDelimiter })
    form.set('assertion', signed)
    return form
  }
}
