// An Agent that may be closed while somebody holds it still.
import { Agent, Dispatcher } from 'undici'

/** A request with `reset` has a connection of its own. */
export class OwnAgent extends Dispatcher {
  readonly #alone: Agent
  #shared: Agent

  constructor (options: Agent.Options) {
    super()
    this.#alone = new Agent({ ...options, pipelining: 0 })
    this.#shared = new Agent(options)
  }

  override dispatch (options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const agent = options.reset === true ? this.#alone : this.#shared
    return agent.dispatch(options, handler)
  }

  /** Ends its connections, when the calls under way have ended. Later calls have a connection each, which ends with them. */
  override async close (): Promise<void> {
    const open = this.#shared
    this.#shared = this.#alone
    if (open !== this.#alone) await open.close()
  }

  override async destroy (): Promise<void> {
    await Promise.all([this.#shared.destroy(), this.#alone.destroy()])
  }
}
