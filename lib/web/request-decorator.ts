// request.oauth as a decorator: a getter, so that it also exists in contexts created before the plugin, and costs
// nothing until it is touched.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthResponse } from '../../types/client.js'
import { RequestOAuth } from './request-oauth.js'
import type { Binding, RequestSurroundings } from './request-oauth.js'

/** Binds request.oauth to a provider, and to a grant that is loaded already. */
export type Bind = (request: FastifyRequest, binding: Binding) => void

interface Bound { binding: Binding, oauth?: RequestOAuth }

// On the request itself: a WeakMap of all requests costs the garbage collector more than the guard takes.
const bound = Symbol('fastify-oauth')
const answers = Symbol('fastify-oauth answers')
const replyTo = Symbol('fastify-oauth reply')

type BoundRequest = FastifyRequest & { [bound]?: Bound, [answers]?: OAuthResponse[], [replyTo]?: FastifyReply }

export function decorateRequest (app: FastifyInstance, { context, owners, flow, challenger }: Omit<RequestSurroundings, 'request' | 'answered'>): Bind {
  const bind = (request: BoundRequest, binding: Binding): Bound => {
    const own = { binding }
    request[bound] = own
    return own
  }
  app.decorateRequest('oauth', {
    getter (this: BoundRequest) {
      const own = this[bound] ?? bind(this, { provider: undefined })
      own.oauth ??= new RequestOAuth({ context, owners, flow, challenger, request: this, answered: response => noteAnswer(this, response) }, own.binding)
      return own.oauth
    }
  })
  // No onResponse: for such a hook Fastify listens to the end of every reply, those of all other routes included.
  app.addHook('onRequest', (request: BoundRequest, reply, done) => {
    request[replyTo] = reply
    if (request[answers] !== undefined) dumpAfter(reply, request[answers])
    done()
  })
  return bind
}

function noteAnswer (request: BoundRequest, response: OAuthResponse): void {
  if (request[answers] !== undefined) {
    request[answers].push(response)
    return
  }
  request[answers] = [response]
  // A hook before ours may have made the call.
  if (request[replyTo] !== undefined) dumpAfter(request[replyTo], request[answers])
}

// A body that nobody has begun to read holds its connection.
function dumpAfter ({ raw }: FastifyReply, answers: OAuthResponse[]): void {
  raw.once('finish', () => {
    for (const { body } of answers) if (!body.bodyUsed && body.readableFlowing === null) body.dump()
  })
}
