// An answer that has been read, in the shape in which the OAuth 2 engine takes one. Node's own Response would make a stream
// of it again, at a tenth of a login's CPU time; the engine knows a Response by its tag, as those of other realms have it.
import type { Answer } from './transport.js'

/** The part of a fetch Response that the engine uses. */
class ReadAnswer {
  readonly status: number
  readonly headers: { get (name: string): string | null }
  readonly body = null
  readonly #text: string
  bodyUsed = false

  constructor ({ status, text }: Pick<Answer, 'status' | 'text'>, contentType: string) {
    this.status = status
    this.headers = { get: name => name === 'content-type' ? contentType : null }
    this.#text = text
  }

  get [Symbol.toStringTag] (): string {
    return 'Response'
  }

  async text (): Promise<string> {
    this.bodyUsed = true
    return this.#text
  }

  async json (): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  clone (): ReadAnswer {
    return new ReadAnswer({ status: this.status, text: this.#text }, String(this.headers.get('content-type')))
  }
}

/** An answer as a Response, under the content type that the engine expects. */
export function toResponse (answer: Pick<Answer, 'status' | 'text'>, contentType: string): Response {
  return new ReadAnswer(answer, contentType) as unknown as Response
}
