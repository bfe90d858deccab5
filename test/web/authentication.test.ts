import t from 'tap'
import { authenticationParams, describeNeeds, isAuthenticated } from '../../lib/web/authentication.js'

const now = 1_750_000_000_000
const seconds = now / 1_000

t.test('acr is one of those that are wanted', async (t) => {
  const gold = { claims: { acr: 'gold' } }
  t.equal(isAuthenticated(gold, { acr: ['silver', 'gold'] }, now), true)
  t.equal(isAuthenticated(gold, { acr: ['silver'] }, now), false)
  t.equal(isAuthenticated(gold, { acr: [] }, now), true)
  t.equal(isAuthenticated({ claims: undefined }, {}, now), true)
  for (const claims of [undefined, {}, { acr: ['gold'] }, { acr: 'golden' }]) t.equal(isAuthenticated({ claims }, { acr: ['gold', 'undefined'] }, now), false)
})

t.test('auth_time is no older than maxAge, with a minute for clocks', async (t) => {
  const ago = (age: number) => ({ claims: { auth_time: seconds - age } })
  t.equal(isAuthenticated(ago(300), { maxAge: 300 }, now), true)
  t.equal(isAuthenticated(ago(360), { maxAge: 300 }, now), true)
  t.equal(isAuthenticated(ago(361), { maxAge: 300 }, now), false)
  t.equal(isAuthenticated(ago(0), { maxAge: 0 }, now), true)
  t.equal(isAuthenticated(ago(-60), { maxAge: 0 }, now), true)
  t.equal(isAuthenticated(ago(-61), { maxAge: 0 }, now), false, 'what lies in the future never grows old')
  for (const claims of [undefined, {}, { auth_time: null }, { auth_time: 'yesterday' }]) t.equal(isAuthenticated({ claims }, { maxAge: 300 }, now), false)
})

t.test('as parameters, and in words', async (t) => {
  t.strictSame(authenticationParams({ acr: ['gold', 'silver'], maxAge: 0 }), { acr_values: 'gold silver', max_age: '0' })
  t.strictSame(authenticationParams({}), {})
  t.equal(describeNeeds({ acr: ['gold', 'silver'], maxAge: 300 }), 'acr_values gold silver, max_age 300')
})
