// A lease is renewed whenever its timer fires: timers and performance.now() differ by a little, and one renewal that is left
// out lets the lease end.
import t from 'tap'
import { gate, startKeeper, until } from '../fixtures/grants.js'

t.test('a timer that fires a moment early renews all the same', async (t) => {
  const { keeper, store, provider, clock, login } = startKeeper({ leaseTime: 40 })
  const grant = await login()
  clock.now = Number(grant.expiresAt)
  const { opened, open } = gate()
  provider.before = () => opened
  const now = performance.now()
  t.intercept(performance, 'now', { value: () => now })
  const fresh = keeper.fresh(provider, { owner: 'alice', provider: 'test', account: 'default' })
  let waits = 0
  await until(() => store.count('renew') >= 2 || waits++ > 100)
  open()
  t.match(await fresh, { accessToken: 'access-1' })
  t.ok(store.count('renew') >= 2)
})
