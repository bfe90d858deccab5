// The call that a refresh makes at the provider.
import t from 'tap'
import { Exchange, isClientFault } from '../../lib/grants/exchange.js'
import { createGrant } from '../../lib/grants/grant.js'
import { ProviderHealth } from '../../lib/grants/health.js'
import { errorOf, grantValues, outage, refusal, tokenSet } from '../fixtures/grants.js'

function start () {
  const warnings: string[] = []
  const health = new ProviderHealth(() => 0)
  const exchange = new Exchange({ health, clock: () => 5, warn: message => { warnings.push(message) } })
  const run = (answer: () => unknown, provider = 'test') => exchange.run({ refresh: async () => answer() as never }, createGrant(grantValues({ provider, version: 4 })))
  const failing = (error: Error) => () => { throw error }
  return { warnings, health, run, failing }
}

t.test('new tokens make a grant of the next version', async (t) => {
  const { run, warnings } = start()
  t.match(await run(() => tokenSet({ accessToken: 'access-1', refreshToken: 'refresh-1' })), { accessToken: 'access-1', refreshToken: 'refresh-1', version: 5, updatedAt: 5 })
  t.strictSame(warnings, [])
})

t.test('invalid_grant answers the grant without its refresh token, and is warned of', async (t) => {
  const { run, failing, warnings } = start()
  const grant = await run(failing(refusal('invalid_grant')))
  t.match(grant, { accessToken: 'access-0', version: 5, status: 'reauthorization_required' })
  t.equal(grant.refreshToken, undefined)
  t.match(warnings, [/refuses the refresh token/])
})

t.test('any other failure is thrown as it is, and the provider\'s standing learns of it', async (t) => {
  const { run, failing, warnings, health } = start()
  for (const error of [outage(), outage({ unspent: false }), refusal('server_error'), new Error('foreign')]) t.equal(await errorOf(run(failing(error))), error)
  for (let fault = 0; fault < 5; fault++) await errorOf(run(failing(outage())))
  t.equal(health.isResting('test'), true)
  t.strictSame(warnings, [])
})

t.test('a refused client is one alarm for each provider, until a refresh comes through', async (t) => {
  const { run, failing, warnings } = start()
  for (const code of ['invalid_client', 'unauthorized_client', 'invalid_client']) await errorOf(run(failing(refusal(code))))
  t.equal(warnings.length, 1)
  await errorOf(run(failing(refusal('invalid_client')), 'another'))
  t.equal(warnings.length, 2)
  await run(() => tokenSet())
  await errorOf(run(failing(refusal('invalid_client'))))
  t.equal(warnings.length, 3)
})

t.test('what is the client\'s fault', (t) => {
  for (const code of ['invalid_client', 'unauthorized_client']) t.equal(isClientFault(refusal(code)), true)
  for (const error of [refusal('invalid_grant'), outage(), Object.assign(new Error('foreign'), { providerError: 'invalid_client' }), undefined]) t.equal(isClientFault(error), false)
  t.end()
})
