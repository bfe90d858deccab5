// The one place that posts, as the client, to a provider's endpoints: authenticated, with a proof where there is a key, on the wire
// as the provider wants it; and what goes wrong, explained.
import * as engine from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { ClientSigner } from '../client-key.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import { tolerance } from '../oidc/id-token.js'
import { basicCredentials, clientAuthOf, rawCredentials } from './client-auth.js'
import type { DpopProver } from './dpop.js'
import { explainEngineError } from './explain.js'
import type { FailedStep } from './explain.js'
import type { Strategies } from './strategies.js'

export interface ClientEndpointOptions {
  provider: string
  options: OAuthProviderOptions
  signer: ClientSigner | undefined
  prover: DpopProver
  strategies: Strategies
  transport: Transport
  clock: () => number
}

type Posted = Pick<engine.CustomFetchOptions<'POST', URLSearchParams>, 'method' | 'headers' | 'body'>

/** How the engine is to post. */
export type Http = Pick<engine.TokenEndpointRequestOptions, typeof engine.allowInsecureRequests | typeof engine.customFetch>

export class ClientEndpoint {
  readonly #options: ClientEndpointOptions
  readonly #auth: (server: engine.AuthorizationServer) => engine.ClientAuth
  // What a server may repeat in the description of an error.
  readonly #secrets: string[]

  constructor (given: ClientEndpointOptions) {
    const { clientId, clientSecret } = given.options
    this.#options = given
    this.#auth = clientAuthOf(given)
    this.#secrets = clientSecret === undefined ? [] : [clientSecret, basicCredentials(clientId, clientSecret), rawCredentials(clientId, clientSecret)]
  }

  /** How the client authenticates. Throws FST_OAUTH_CLIENT_SECRET_EXPIRED. */
  auth (server: engine.AuthorizationServer): engine.ClientAuth {
    return this.#auth(server)
  }

  /** This client as the engine wants it, with our clock. */
  get client (): engine.Client {
    const { options: { clientId, clientCert, clockTolerance, idTokenAlg }, clock } = this.#options
    return {
      client_id: clientId,
      use_mtls_endpoint_aliases: clientCert !== undefined,
      [engine.clockSkew]: Math.round((clock() - Date.now()) / 1_000),
      [engine.clockTolerance]: clockTolerance ?? tolerance,
      ...(idTokenAlg === undefined ? {} : { id_token_signed_response_alg: idTokenAlg })
    }
  }

  /** Throws what went wrong as the plugin's errors; `secrets` are those of this request, besides the client's. */
  async explained <T> (step: Omit<FailedStep, 'provider'>, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw explainEngineError(error, { ...step, secrets: [...step.secrets, ...this.#secrets], provider: this.#options.provider })
    }
  }

  /** For one request whose answer is read in this way. */
  posting (read: (answer: Answer) => Response, key?: OAuthDpopKey): Http {
    return { [engine.allowInsecureRequests]: true, [engine.customFetch]: async (url, posted) => read(await this.#post(new URL(url), posted as Posted, key)) }
  }

  /** The same with a proof of a key, and once more where the server wants its nonce in it (RFC 9449 sections 5 and 8). */
  proven <T> (key: OAuthDpopKey | undefined, read: (answer: Answer) => Response, run: (http: Http) => Promise<T>): Promise<T> {
    const http = this.posting(read, key)
    if (key === undefined) return run(http)
    return run(http).catch(error => {
      if (!engine.isDPoPNonceError(error)) throw error
      return run(http)
    })
  }

  async #post (endpoint: URL, posted: Posted, key: OAuthDpopKey | undefined): Promise<Answer> {
    const { provider, transport, prover, strategies, clock } = this.#options
    const { url, method, headers, body } = await strategies.request({ url: endpoint, headers: posted.headers, body: posted.body })
    const sent = key === undefined ? headers : { ...headers, dpop: prover.prove(key, { method, origin: url.origin, path: url.pathname }) }
    const answer = await transport(url, { method, headers: sent, body })
    if (key !== undefined) prover.heed(url, answer.headers)
    refuseUnavailable(answer, provider, clock)
    return strategies.answered(answer, posted.body)
  }
}
