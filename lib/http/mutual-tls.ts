// Connections that present the client's certificate (RFC 8705): to the provider, and to the API, which takes bound tokens by no others.
import type { Dispatcher } from 'undici'
import { OwnAgent } from './own-agent.js'

/** PEM, each. */
export interface ClientCertificate { cert: string, key: string, ca: string | undefined }

export function createMutualTlsAgent ({ cert, key, ca }: ClientCertificate): Dispatcher {
  return new OwnAgent({ connect: { cert, key, ...(ca === undefined ? {} : { ca }) } })
}

/** Requests to these origins go through the agent, all others as before: a redirect may lead anywhere. */
export function presenting (agent: Dispatcher, { others, to }: { others: Dispatcher, to: (origin: string) => boolean }): Dispatcher {
  return others.compose(dispatch => (opts, handler) => to(new URL(String(opts.origin)).origin) ? agent.dispatch(opts, handler) : dispatch(opts, handler))
}
