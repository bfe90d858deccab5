// What hooks of a context need, where Fastify keeps them otherwise than it does today.
import t from 'tap'
import type { OAuthRequirementHook } from '../../lib/index.js'
import type { RouteRequirement } from '../../lib/options.js'
import { InheritedRequirements } from '../../lib/web/inherited.js'

const requirement = { provider: 'x', scope: ['a'], account: undefined, acr: [], maxAge: undefined, optional: false } as unknown as RouteRequirement
const hook: OAuthRequirementHook = () => {}
const requestOf = (server: object) => ({ server }) as never

t.test('those that are there', async (t) => {
  const inherited = new InheritedRequirements()
  inherited.note(hook, requirement)
  const hooks = Symbol('fastify.hooks')
  t.strictSame(inherited.of(requestOf({ [hooks]: { onRequest: [hook, () => {}] } }), requirement), [requirement])
  t.strictSame(inherited.of(requestOf(Object.create({ [hooks]: { onRequest: [hook] } })), requirement), [requirement], 'of the context above')
})

t.test('none where they are not to be found', async (t) => {
  const inherited = new InheritedRequirements()
  inherited.note(hook, requirement)
  t.strictSame(inherited.of(requestOf({}), requirement), [])
  t.strictSame(inherited.of(requestOf({ [Symbol('fastify.hooks')]: {} }), requirement), [])
  t.strictSame(inherited.of(requestOf({ [Symbol('fastify.hooks')]: undefined }), requirement), [])
})
