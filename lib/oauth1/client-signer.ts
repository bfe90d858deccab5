// Signs in the name of one client: its credentials, and how the provider wants its requests signed (RFC 5849 section 3).
import { createPrivateKey } from 'node:crypto'
import type { OAuth1Credentials } from '../../types/oauth1.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { CallToSign } from '../http/call-to-sign.js'
import type { SignedParts } from '../http/sign.js'
import { place } from './placement.js'
import type { Placement } from './placement.js'
import { sign } from './sign.js'

/** The options of a provider, checked. */
export type OAuth1ProviderOptions = OAuthProviderOptions & Required<Pick<OAuthProviderOptions, 'quirks'>>

/** What is signed with besides the client's own credentials, and said with it. */
export type SigningToken = Pick<OAuth1Credentials, 'token' | 'tokenSecret' | 'callback' | 'verifier'>

export class ClientSigner {
  readonly #client: OAuth1Credentials
  readonly #bodyHash: boolean
  readonly #clock: () => number
  readonly placement: Placement

  constructor ({ clientId, clientSecret, clientKey, signatureMethod, realm, quirks }: OAuth1ProviderOptions, clock: () => number) {
    // Read once: reading a key costs more than a signature with it.
    const privateKey = typeof clientKey === 'string' ? createPrivateKey(clientKey) : undefined
    this.#client = { clientId, clientSecret, privateKey, signatureMethod, realm }
    this.#bodyHash = quirks.oauth1BodyHash ?? false
    this.#clock = clock
    this.placement = quirks.oauth1Parameters ?? 'header'
  }

  /** What must not be repeated in a message. */
  get secrets (): Array<string | undefined> {
    return [this.#client.clientSecret]
  }

  /** Throws FST_OAUTH_CANNOT_SIGN. Every signature has a nonce of its own. */
  sign (token: SigningToken, call: CallToSign): SignedParts {
    const { method, origin, path, contentType, body } = call
    // What cannot be read before it is sent cannot be hashed.
    const bodyHash = this.#bodyHash && body !== undefined
    const signature = sign(
      { method, url: { origin, path }, contentType, body: body ?? undefined },
      { ...this.#client, ...token, bodyHash },
      { timestamp: Math.floor(this.#clock() / 1_000) }
    )
    return place(signature, call, this.placement)
  }
}
