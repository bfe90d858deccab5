// The early end of a call: its deadline, or the caller's own signal.
import { EventEmitter } from 'node:events'

/**
 * Settles as the work does, or with the signal's reason, whichever comes first. undici looks at a signal only once it is
 * connected: not while it waits for a signature, a free connection, a name or an address that does not answer.
 */
export async function orAborted <T> (work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (signal === null) return work
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason)
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}

/**
 * The end of a call's time. undici takes an emitter for a signal too: AbortSignal.timeout() costs many times as much, and its
 * timer runs on after the answer.
 */
export class Deadline extends EventEmitter {
  readonly #ms: number
  /** Set when the time is over: an error collects its stack when it is made, which costs more than the rest of this. */
  reason: Error | undefined
  aborted = false

  constructor (ms: number) {
    super()
    this.#ms = ms
  }

  /** Settles as the work does, or rejects when the time is over. */
  async limit <T> (work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.aborted = true
        this.reason = new Error('the time is over')
        this.emit('abort')
        reject(this.reason)
      }, this.#ms)
      const settle = <A>(end: (outcome: A) => void) => (outcome: A) => {
        clearTimeout(timer)
        end(outcome)
      }
      work.then(settle(resolve), settle(reject))
    })
  }
}
