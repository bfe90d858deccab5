// request.oauth as a decorator: a getter, so that it also exists in contexts created before the plugin, and costs
// nothing until it is touched.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OAuthResponse } from '../../types/client.js'
import { RequestOAuth } from './request-oauth.js'
import type { Binding, RequestSurroundings } from './request-oauth.js'

/** Binds request.oauth to a provider, and to a grant that is loaded already. */
export type Bind = (request: FastifyRequest, binding: Binding) => RequestOAuth

export function decorateRequest (app: FastifyInstance, parts: Omit<RequestSurroundings, 'request' | 'answers'>): Bind {
  const bound = new WeakMap<FastifyRequest, { oauth: RequestOAuth, answers: OAuthResponse[] }>()
  const bind: Bind = (request, binding) => {
    const answers = bound.get(request)?.answers ?? []
    const oauth = new RequestOAuth({ ...parts, request, answers }, binding)
    bound.set(request, { oauth, answers })
    return oauth
  }
  app.decorateRequest('oauth', {
    getter (this: FastifyRequest) { return bound.get(this)?.oauth ?? bind(this, { provider: undefined }) }
  })
  // A body that nobody has begun to read holds its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    for (const { body } of bound.get(request)?.answers ?? []) {
      if (!body.bodyUsed && body.readableFlowing === null) body.dump()
    }
    done()
  })
  return bind
}
