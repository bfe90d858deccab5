// What a provider's requests go through: the application's dispatcher, unless its options ask for connections of its own.
import type { Dispatcher } from 'undici'
import { createGuardedAgent } from './guarded-agent.js'
import { createMutualTlsAgent, presenting } from './mutual-tls.js'

export interface ConnectionOptions {
  clientCert?: string | undefined
  clientCertKey?: string | undefined
  serverCa?: string | undefined
  untrustedAddresses?: boolean | undefined
  allowedAddresses?: readonly string[] | undefined
}

export interface Connections {
  /** For the provider's own endpoints. */
  endpoints: Dispatcher
  /** For calls of its API, and wherever redirects lead from there. */
  api: Dispatcher
  /** Ends those that are the provider's own, when the calls under way have ended. */
  close (): Promise<void>
}

/** @param surroundings `to`: whether an origin is the API's, which is shown the client's certificate */
export function connectionsOf (options: ConnectionOptions, { provider, dispatcher, to }: { provider: string, dispatcher: Dispatcher, to: (origin: string) => boolean }): Connections {
  const { clientCert: cert, clientCertKey: key, serverCa: ca, untrustedAddresses = false, allowedAddresses: allowed = [] } = options
  const guarded = untrustedAddresses ? createGuardedAgent({ provider, allowed }) : undefined
  const others = guarded ?? dispatcher
  const tls = cert === undefined || key === undefined ? undefined : { cert, key, ca }
  const presents = tls === undefined ? undefined : guarded === undefined ? createMutualTlsAgent(tls) : createGuardedAgent({ provider, allowed, tls })
  return {
    endpoints: presents ?? others,
    api: presents === undefined ? others : presenting(presents, { others, to }),
    async close () { await Promise.all([guarded?.close(), presents?.close()]) }
  }
}
