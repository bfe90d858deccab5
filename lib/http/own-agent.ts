// An Agent that may be closed while somebody holds it still.
import { Agent, Dispatcher } from 'undici'

export class OwnAgent extends Dispatcher {
  readonly #options: Agent.Options
  #agent: Agent

  constructor (options: Agent.Options) {
    super()
    this.#options = options
    this.#agent = new Agent(options)
  }

  override dispatch (options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#agent.dispatch(options, handler)
  }

  /** Ends its connections, when the calls under way have ended. Later calls have a connection each, which ends with them. */
  override async close (): Promise<void> {
    const open = this.#agent
    this.#agent = new Agent({ ...this.#options, pipelining: 0 })
    await open.close()
  }

  override async destroy (): Promise<void> {
    await this.#agent.destroy()
  }
}
