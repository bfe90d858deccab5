// What a login asks of its provider: the options, some of them functions of the request, and its own parameters, which win.
import type { TemporaryCredentials } from './oauth1/protocol.js'
import type { LoginSecrets as OAuth2LoginSecrets } from './oauth2/authorization-request.js'
import type { ProviderOptions, RequestValues } from './options.js'
import { parseParams, parseRequestValues, requestNames, requestParams } from './options.js'

type Params = ProviderOptions['authorizeParams']
type AskedOf = Parameters<Extract<Params, (...given: never[]) => unknown>>[0]

/** What a callback is checked against: its state tells logins apart everywhere, and each protocol has its own part besides. */
export type LoginSecrets = OAuth2LoginSecrets & Partial<TemporaryCredentials>

/** What one login asks for by itself. */
export interface OwnRequest {
  /** Added to the authorization request. */
  params: Record<string, string>
  asks?: RequestValues | undefined
}

/** What is sent, and what of it must be remembered. */
export interface AskedRequest {
  params: Record<string, string>
  resource: readonly string[] | undefined
  /** Seconds since the authentication that the options allow, at most. */
  maxAge: number | undefined
}

/** What one provider's logins ask for. */
export class LoginRequestParams {
  readonly #where: string
  readonly #options: ProviderOptions
  readonly #protocol: 'oauth1' | 'oauth2'
  readonly #names: typeof requestNames

  /** @param where where the options stand, for messages */
  constructor (where: string, options: ProviderOptions) {
    this.#where = where
    this.#options = options
    this.#protocol = options.requestTokenUrl === undefined ? 'oauth2' : 'oauth1'
    this.#names = requestNames.filter(name => options[name] !== undefined)
  }

  /** Throws FST_OAUTH_INVALID_OPTIONS where a function answers what is not allowed. */
  async of ({ params: given, asks }: OwnRequest, request: unknown): Promise<AskedRequest> {
    const params = { ...await this.params('authorizeParams', request) }
    if (this.#names.length === 0 && asks === undefined) return { params: { ...params, ...given }, resource: undefined, maxAge: undefined }
    const values: RequestValues = { ...await this.#values(request), ...named(asks) }
    const all = { ...params, ...requestParams(values), ...given }
    if (values.maxAge !== undefined && given.max_age !== undefined) all.max_age = String(Math.min(values.maxAge, Number(given.max_age)))
    return { params: all, resource: values.resource, maxAge: values.maxAge }
  }

  /** Parameters of an option that holds them, or answers them. */
  async params (option: 'authorizeParams' | 'requestTokenParams' | 'accessTokenParams', request: unknown): Promise<Record<string, string>> {
    const params: Params = this.#options[option]
    if (typeof params !== 'function') return params ?? {}
    return parseParams(await params(request as AskedOf), `${this.#where}.${option}()`, this.#protocol)
  }

  async #values (request: unknown): Promise<RequestValues> {
    const answers = await Promise.all(this.#names.map(async name => {
      const option = this.#options[name]
      return [name, typeof option === 'function' ? await option(request as AskedOf) : option]
    }))
    const values = named(Object.fromEntries(answers))
    return this.#names.some(name => typeof this.#options[name] === 'function') ? parseRequestValues(values, `what a function among the options of ${this.#where} answered`) : values
  }
}

function named (values: RequestValues = {}): RequestValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
