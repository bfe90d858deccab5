// The API beside the provider: checks credentials and scopes, answers what the test wants.
import type { FakeApiCall, FakeRequest } from '../../types/testing.js'
import { pathOf } from './core.js'
import type { FakeCore } from './core.js'
import { credentialsOf } from './credentials.js'
import { json } from './wire.js'
import type { WireAnswer } from './wire.js'

export async function answerApi (core: FakeCore, request: FakeRequest): Promise<WireAnswer> {
  const path = request.path.slice(pathOf(core, 'api').length)
  const route = core.api[path] ?? core.api[path.slice(1)] ?? {}
  const { authorization } = await credentialsOf(core, request, route.scope)
  const call: FakeApiCall = { request, user: authorization.user, scope: authorization.scope, clientId: authorization.clientId }
  return json(await answerOf(route.answer, call))
}

async function answerOf (answer: unknown, call: FakeApiCall): Promise<unknown> {
  if (typeof answer === 'function') return answer(call)
  const { request: { method, path, query, body }, user, scope, clientId } = call
  return answer ?? { method, path, query, body, sub: user.sub, scope, clientId }
}
