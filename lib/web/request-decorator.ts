// request.oauth as a decorator: a getter, so that it also exists in contexts created before the plugin, and costs
// nothing until it is touched.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OAuthResponse } from '../../types/client.js'
import { RequestOAuth } from './request-oauth.js'
import type { Binding, RequestSurroundings } from './request-oauth.js'

/** Binds request.oauth to a provider, and to a grant that is loaded already. */
export type Bind = (request: FastifyRequest, binding: Binding) => void

interface Bound { binding: Binding, answers: OAuthResponse[], oauth?: RequestOAuth }

// On the request itself: a WeakMap of all requests costs the garbage collector more than the guard takes.
const bound = Symbol('fastify-oauth')

type BoundRequest = FastifyRequest & { [bound]?: Bound }

export function decorateRequest (app: FastifyInstance, parts: Omit<RequestSurroundings, 'request' | 'answers'>): Bind {
  const bind = (request: BoundRequest, binding: Binding): Bound => {
    const own = { binding, answers: request[bound]?.answers ?? [] }
    request[bound] = own
    return own
  }
  app.decorateRequest('oauth', {
    getter (this: BoundRequest) {
      const own = this[bound] ?? bind(this, { provider: undefined })
      own.oauth ??= new RequestOAuth({ ...parts, request: this, answers: own.answers }, own.binding)
      return own.oauth
    }
  })
  // A body that nobody has begun to read holds its connection.
  app.addHook('onResponse', (request: BoundRequest, _reply, done) => {
    for (const { body } of request[bound]?.answers ?? []) {
      if (!body.bodyUsed && body.readableFlowing === null) body.dump()
    }
    done()
  })
  return bind
}
