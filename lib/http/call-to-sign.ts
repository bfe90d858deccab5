// One dispatch as a signature sees it: what of it counts is read when it is asked for.
import { stringify } from 'node:querystring'
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { oauthError } from '../errors.js'
import { isPresent, pairsOf } from './headers.js'

/** What a signature may depend on, as it will be sent. */
export interface CallToSign {
  readonly method: string
  readonly origin: string
  /** With its query. */
  readonly path: string
  /** The header Content-Type. */
  readonly contentType: string | undefined
  /** null where there is none; undefined where it cannot be known before it is sent. */
  readonly body: string | Uint8Array | null | undefined
}

/** Which bodies count in a signature: application/x-www-form-urlencoded, or all whose bytes can be known. */
export type SignedBodies = 'forms' | 'all'

type Options = Dispatcher.DispatchOptions

const formType = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i
const readAtMost = 1024 * 1024

export class DispatchedCall implements CallToSign {
  readonly #options: Options
  readonly origin: string

  constructor (options: Options, origin: string) {
    this.#options = options
    this.origin = origin
  }

  get method (): string {
    return this.#options.method
  }

  // undici keeps the query apart, and joins it so when it sends.
  get path (): string {
    const { path, query } = this.#options
    const added = query === undefined ? '' : stringify(query)
    return added === '' ? path : `${path}?${added}`
  }

  get contentType (): string | undefined {
    return contentTypeOf(this.#options)
  }

  get body (): CallToSign['body'] {
    const { body } = this.#options
    if (typeof body === 'string' || body instanceof Uint8Array) return body
    return isPresent(body) ? undefined : null
  }
}

/**
 * The same dispatch with its body as bytes, where that is a stream and counts: every body of fetch is one by now. A stream of
 * the caller's is read only where it is a form, which no server takes unsigned. Throws FST_OAUTH_INVALID_CALL beyond 1 MiB.
 */
export async function readStream (options: Options, provider: string, signed: SignedBodies): Promise<Options> {
  const { body } = options
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return options
  const counts = formType.test(contentTypeOf(options) ?? '') || (signed === 'all' && !(body instanceof Readable))
  if (!counts) return options
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    size += bytes.length
    if (size > readAtMost) throw oauthError('FST_OAUTH_INVALID_CALL', [provider, `its body is a stream of more than ${readAtMost} bytes, too many to be read and signed`])
    chunks.push(bytes)
  }
  return { ...options, body: Buffer.concat(chunks) }
}

function contentTypeOf ({ headers }: Options): string | undefined {
  return pairsOf(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1]
}
