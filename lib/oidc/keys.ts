// The keys by which a provider signs (RFC 7517, OpenID Connect Core 1.0 section 10.1.1): kept for their HTTP lifetime, renewed behind,
// used a day longer while they cannot be had. A key that is not known is looked for once a minute at most.
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import type { JWTVerifyOptions, JWTVerifyResult } from 'jose'
import { OperationProcessingError, allowInsecureRequests, customFetch } from 'oauth4webapi'
import type { AuthorizationServer, ValidateSignatureOptions } from 'oauth4webapi'
import { oauthError } from '../errors.js'
import { lifetimeOf } from '../http/lifetime.js'
import { toResponse } from '../http/read-answer.js'
import type { Transport } from '../http/transport.js'

export interface KeyOptions {
  provider: string
  transport: Transport
  /** Milliseconds since the epoch. */
  clock: () => number
}

/** A check of the engine that needs keys. */
export type KeyCheck<T> = (server: AuthorizationServer, options: ValidateSignatureOptions) => Promise<T>

type Find = ReturnType<typeof createLocalJWKSet>
interface KeySet { url: string, text: string, find: Find, goodUntil: number }

// A key that was withdrawn is good for no longer than this.
const lifetime = { least: 60_000, usual: 300_000, most: 3_600_000 }
const staleFor = 86_400_000
const retryAfter = 10_000
const searchedEvery = 60_000

export class ProviderKeys {
  readonly #options: KeyOptions
  #set: KeySet | undefined
  // The engine keeps imported keys with the metadata object that it is given: one for each set of keys.
  #holder: { of: AuthorizationServer, text: string, server: AuthorizationServer, options: ValidateSignatureOptions } | undefined
  #flight: { url: string, keys: Promise<KeySet> } | undefined
  #searchedAt = Number.NEGATIVE_INFINITY
  #behindFrom = Number.NEGATIVE_INFINITY

  constructor (options: KeyOptions) {
    this.#options = options
  }

  /** Runs a check; once more with newer keys where it fails and there are any. Throws what the check does, and the transport's errors. */
  async check <T> (server: AuthorizationServer, run: KeyCheck<T>): Promise<T> {
    return this.#try(server, set => this.#run(server, set, run))
  }

  /** Verifies a JWT that the engine has not read, in the same way. */
  async verify (server: AuthorizationServer, token: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
    return this.#try(server, ({ find }) => jwtVerify(token, find, options))
  }

  async #try <T> (server: AuthorizationServer, run: (set: KeySet) => Promise<T>): Promise<T> {
    const { jwks_uri: url } = server
    if (url === undefined) throw oauthError('FST_OAUTH_DISCOVERY_FAILED', [this.#options.provider, 'it names no jwks_uri'])
    const before = this.#set
    const set = await this.#current(url)
    try {
      return await run(set)
    } catch (error) {
      // Those that came just now are as new as can be.
      const mayHelp = set === before && isAboutKeys(error)
      const next = mayHelp ? await this.#search(url, set) : undefined
      if (next === undefined) throw error
      return run(next)
    }
  }

  #run <T> (server: AuthorizationServer, { text }: KeySet, run: KeyCheck<T>): Promise<T> {
    if (this.#holder?.of !== server || this.#holder.text !== text) this.#holder = { of: server, text, server: { ...server }, options: readingFrom(text) }
    return run(this.#holder.server, this.#holder.options)
  }

  async #current (url: string): Promise<KeySet> {
    const set = this.#set
    if (set === undefined || set.url !== url) return this.#fetch(url)
    const now = this.#options.clock()
    const over = now - set.goodUntil
    if (over >= staleFor) return this.#fetch(url)
    if (over >= 0 && now >= this.#behindFrom) {
      this.#behindFrom = now + retryAfter
      // What is there serves as long as there is nothing newer.
      this.#fetch(url).catch(() => {})
    }
    return set
  }

  // The provider may have rotated its keys since they were fetched.
  async #search (url: string, used: KeySet): Promise<KeySet | undefined> {
    const known = this.#set as KeySet
    // Another login was here first.
    if (known.text !== used.text) return known
    const now = this.#options.clock()
    if (this.#flight === undefined && now - this.#searchedAt < searchedEvery) return undefined
    this.#searchedAt = now
    const found = await this.#fetch(url)
    return found.text === used.text ? undefined : found
  }

  #fetch (url: string): Promise<KeySet> {
    if (this.#flight?.url === url) return this.#flight.keys
    // What comes late from an old address takes the place of nothing.
    const isLatest = () => this.#flight === flight
    const keys = this.#ask(url).then(set => {
      if (isLatest()) this.#set = set
      return set
    }).finally(() => { if (isLatest()) this.#flight = undefined })
    const flight = { url, keys }
    this.#flight = flight
    return keys
  }

  async #ask (url: string): Promise<KeySet> {
    const { provider, transport, clock } = this.#options
    const answer = await transport(new URL(url), { method: 'GET', headers: { accept: 'application/json, application/jwk-set+json', 'user-agent': 'fastify-oauth' } })
    const why = answer.status === 200 ? 'it holds no list of keys' : `status ${answer.status}`
    const find = answer.status === 200 ? keysIn(answer.text) : undefined
    if (find === undefined) throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['JWK Set', provider, why])
    return { url, text: answer.text, find, goodUntil: clock() + lifetimeOf(answer, lifetime) }
  }
}

// What the engine would fetch is here.
function readingFrom (text: string): ValidateSignatureOptions {
  return { [allowInsecureRequests]: true, [customFetch]: async () => toResponse({ status: 200, text }, 'application/json') }
}

// Whether other keys may change what a check has found.
function isAboutKeys (error: unknown): boolean {
  return error instanceof OperationProcessingError || error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
}

// Undefined where a text is no JWK Set (RFC 7517 section 5).
function keysIn (text: string): Find | undefined {
  try {
    return createLocalJWKSet(JSON.parse(text))
  } catch {
    return undefined
  }
}
