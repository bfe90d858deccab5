import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { parseRouteRequirement } from '../../lib/options.js'
import { accountOf, combined, isOfOneGrant } from '../../lib/web/requirement.js'

const need = (given: object = {}) => parseRouteRequirement({ provider: 'sso', ...given }, 'x')

t.test('together: all scopes, the strictest authentication, the most particular account', async (t) => {
  const one = () => {}
  const other = () => {}
  t.match(combined([need({ scope: ['a', 'b'], account: '7', maxAge: 60, onUnauthorized: one }), need({ scope: ['b', 'c'], maxAge: 600, optional: true })]), { scope: ['a', 'b', 'c'], account: '7', maxAge: 60, optional: true, onUnauthorized: one })
  t.match(combined([need({ account: '7', onUnauthorized: one }), need({ account: '8', onUnauthorized: other })]), { account: '8', maxAge: undefined, onUnauthorized: other })
  const acr = (a: string[], b: string[]) => combined([need({ acr: a }), need({ acr: b })]).acr
  t.strictSame(acr(['gold', 'silver'], ['silver', 'bronze']), ['silver'])
  t.strictSame(acr(['gold'], []), ['gold'])
  t.strictSame(acr([], ['gold']), ['gold'])
  t.strictSame(acr(['gold'], ['silver']), ['silver'], 'nothing meets both: no grant does either')
})

t.test('two requirements are of one grant unless provider or account differ', async (t) => {
  t.equal(isOfOneGrant(need(), need({ account: '7' })), true)
  t.equal(isOfOneGrant(need({ account: '7' }), need({ account: '7' })), true)
  t.equal(isOfOneGrant(need({ account: '7' }), need({ account: '8' })), false)
  t.equal(isOfOneGrant(need(), { ...need(), provider: 'other' }), false)
})

t.test('an account by function is a text, or none', async (t) => {
  const request = { headers: { 'x-account': '7' } } as unknown as FastifyRequest
  t.equal(await accountOf(request, need({ account: '8' })), '8')
  t.equal(await accountOf(request, need()), undefined)
  t.equal(await accountOf(request, need({ account: async ({ headers }: FastifyRequest) => headers['x-account'] })), '7')
  t.equal(await accountOf(request, need({ account: () => undefined })), undefined)
  for (const answer of [null, '', 7, ['7'], {}]) {
    await t.rejects(accountOf(request, need({ account: () => answer })), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /account of a route at sso/ }, String(answer))
  }
})
