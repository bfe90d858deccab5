// The Fastify application behind a fake provider: each request is recorded, may meet a fault, and comes to its endpoint.
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FakeEndpoint, FakeRequest } from '../../types/testing.js'
import { answerApi } from './api.js'
import { answerAuthorize, answerConsent, answerLogin } from './authorize.js'
import { pathOf } from './core.js'
import type { FakeCore } from './core.js'
import { answerDiscovery } from './discovery.js'
import { answerOAuth1Authorize, answerTemporary, answerTokenCredentials } from './oauth1-endpoints.js'
import { problemAnswer } from './oauth1-request.js'
import { answerPushed } from './pushed.js'
import { answerIntrospection, answerRevocation } from './revocation.js'
import { tokenRefusal } from './token-answer.js'
import { answerToken } from './token-endpoint.js'
import { answerUserinfo } from './userinfo.js'
import { runFault } from './wire-faults.js'
import { Refusal, json, readRequest, refusalAnswer } from './wire.js'
import type { WireAnswer } from './wire.js'

/** Answers one request. Throws a Refusal. */
export type Endpoint = (core: FakeCore, request: FakeRequest) => WireAnswer | Promise<WireAnswer>

interface Route { endpoint: FakeEndpoint, methods: string[], path: string, answer: Endpoint }

const keptAtMost = 10_000
const anyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']

export function createServer (core: FakeCore, requests: FakeRequest[]): FastifyInstance {
  const closing = new AbortController()
  const app = Fastify({ forceCloseConnections: true, exposeHeadRoutes: false, bodyLimit: 64 * 1024 * 1024 })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  app.addHook('preClose', async () => { closing.abort() })
  const take = (endpoint: FakeEndpoint | 'unknown', answer: Endpoint) => async (request: FastifyRequest, reply: FastifyReply) => {
    const read = readRequest(request, endpoint)
    const fault = core.faults.ofRequest(read)
    if (fault?.name !== 'refuse') record(requests, read)
    const respond = () => answered(core, read, answer)
    const result = fault === undefined ? await respond() : await runFault({ fault, reply, respond, closing: closing.signal })
    if (result === null) return reply
    return reply.code(result.status).headers(result.headers).send(result.body)
  }
  for (const { endpoint, methods, path, answer } of routesOf(core)) {
    app.route({ method: methods, url: path, handler: take(endpoint, answer) })
  }
  app.setNotFoundHandler(take('unknown', () => json({ error: 'not_found' }, 404)))
  return app
}

function routesOf (core: FakeCore): Route[] {
  const { quirks } = core
  if (core.protocol === 'oauth1') return oauth1Routes(core)
  const at = (endpoint: FakeEndpoint, methods: string[], answer: Endpoint, path = pathOf(core, endpoint)): Route => ({ endpoint, methods, path, answer })
  return [
    ...commonRoutes(core),
    at('discovery', ['GET'], answerDiscovery),
    at('discovery', ['GET'], answerDiscovery, `/.well-known/oauth-authorization-server${quirks.basePath ?? ''}`),
    at('jwks', ['GET'], async () => json(await core.keys.jwks())),
    at('authorize', ['GET'], answerAuthorize),
    at('token', ['GET', 'POST'], answerToken),
    ...(quirks.refreshPath === undefined ? [] : [at('token', ['GET', 'POST'], answerToken, quirks.refreshPath)]),
    at('revocation', ['POST'], answerRevocation),
    at('introspection', ['POST'], answerIntrospection),
    at('par', ['POST'], answerPushed)
  ]
}

function commonRoutes (core: FakeCore): Route[] {
  const [authorize, userinfo, api] = (['authorize', 'userinfo', 'api'] as const).map(endpoint => pathOf(core, endpoint))
  return [
    { endpoint: 'authorize', methods: ['POST'], path: `${authorize}/login`, answer: answerLogin },
    { endpoint: 'authorize', methods: ['POST'], path: `${authorize}/consent`, answer: answerConsent },
    { endpoint: 'userinfo', methods: ['GET', 'POST'], path: String(userinfo), answer: answerUserinfo },
    { endpoint: 'userinfo', methods: ['GET', 'POST'], path: `${userinfo}/:id`, answer: answerUserinfo },
    { endpoint: 'api', methods: anyMethod, path: `${api}/*`, answer: answerApi }
  ]
}

function oauth1Routes (core: FakeCore): Route[] {
  const methods = ['GET', 'POST']
  return [
    ...commonRoutes(core),
    { endpoint: 'temporary', methods, path: pathOf(core, 'temporary'), answer: answerTemporary },
    { endpoint: 'authorize', methods: ['GET'], path: pathOf(core, 'authorize'), answer: answerOAuth1Authorize },
    ...(core.quirks.oneUrl === true ? [] : [{ endpoint: 'token' as const, methods, path: pathOf(core, 'token'), answer: answerTokenCredentials }])
  ]
}

function record (requests: FakeRequest[], request: FakeRequest): void {
  if (requests.length >= keptAtMost) requests.shift()
  requests.push(request)
}

async function answered (core: FakeCore, request: FakeRequest, answer: Endpoint): Promise<WireAnswer> {
  try {
    return await answer(core, request)
  } catch (error) {
    if (error instanceof Refusal) return refusalOf(core, request, error)
    throw error
  }
}

function refusalOf (core: FakeCore, { endpoint }: FakeRequest, refusal: Refusal): WireAnswer {
  if (endpoint !== 'token' && endpoint !== 'temporary') return refusalAnswer(refusal)
  return core.protocol === 'oauth1' ? problemAnswer(refusal) : tokenRefusal(core, refusal)
}
