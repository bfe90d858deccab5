// An answer that has been read, in the shape in which the OAuth 2 engine takes one. Node's own Response would make a stream
// of it again, at a tenth of a login's CPU time; the engine knows a Response by its tag, as those of other realms have it.
import type { Answer } from './transport.js'

/** An answer's status and body; `json` where the text was parsed already, for one reader, who may change it. */
export interface ReadBody extends Pick<Answer, 'status' | 'text'> { json?: Record<string, unknown> }

/** The part of a fetch Response that the engine uses. */
class ReadAnswer {
  readonly status: number
  readonly headers: { get (name: string): string | null }
  readonly body = null
  readonly #read: ReadBody
  bodyUsed = false

  constructor (read: ReadBody, contentType: string) {
    this.status = read.status
    this.headers = { get: name => name === 'content-type' ? contentType : null }
    this.#read = read
  }

  get [Symbol.toStringTag] (): string {
    return 'Response'
  }

  async text (): Promise<string> {
    this.bodyUsed = true
    return this.#read.text
  }

  async json (): Promise<unknown> {
    this.bodyUsed = true
    return this.#read.json ?? JSON.parse(this.#read.text)
  }

  /** What was answered, also where it was read already. */
  get sent (): string {
    return this.#read.text
  }

  clone (): ReadAnswer {
    return new ReadAnswer(this.#read, String(this.headers.get('content-type')))
  }
}

/** An answer as a Response, under the content type that the engine expects. */
export function toResponse (answer: ReadBody, contentType: string): Response {
  return new ReadAnswer(answer, contentType) as unknown as Response
}

/** What was answered, of a Response that was made here. */
export function textOf (response: Response): string {
  return (response as unknown as ReadAnswer).sent
}
