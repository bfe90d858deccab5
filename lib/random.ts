// Random bytes (RFC 4086), drawn in advance: most of what a draw costs is the draw.
import { randomBytes } from 'node:crypto'

const pieces = 100

/** Random bytes of one length; none is given out twice. */
export class RandomSource {
  readonly #length: number
  #drawn = Buffer.alloc(0)

  /** @param length bytes of each piece */
  constructor (length: number) {
    this.#length = length
  }

  next (): Buffer {
    if (this.#drawn.length === 0) this.#drawn = randomBytes(pieces * this.#length)
    const piece = this.#drawn.subarray(0, this.#length)
    this.#drawn = this.#drawn.subarray(this.#length)
    return piece
  }
}
