// What is printed: lines with colours on a terminal, or one JSON document.
import type { Stream, Surroundings } from './surroundings.js'

export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim'

const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 }
const escape = '\u001b['

export class Output {
  readonly #stdout: Stream
  readonly #stderr: Stream
  readonly #coloured: boolean
  readonly isJson: boolean

  constructor ({ env, stdout, stderr }: Pick<Surroundings, 'env' | 'stdout' | 'stderr'>, isJson: boolean) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.isJson = isJson
    // https://no-color.org
    this.#coloured = !isJson && stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  }

  /** One line: its parts, each of which may have a style. */
  line (...parts: ReadonlyArray<string | readonly [string, Style]>): void {
    this.#stdout.write(`${parts.map(part => typeof part === 'string' ? oneLine(part) : this.#styled(...part)).join('')}\n`)
  }

  /** A line for the person at the terminal, beside a JSON document. */
  aside (text: string): void {
    const stream = this.isJson ? this.#stderr : this.#stdout
    stream.write(`${oneLine(text)}\n`)
  }

  json (value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  #styled (text: string, style: Style): string {
    const plain = oneLine(text)
    return this.#coloured ? `${escape}${codes[style]}m${plain}${escape}0m` : plain
  }
}

/** Text of others must not move the cursor, hide, or start a line that looks like ours. */
export function oneLine (text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}
