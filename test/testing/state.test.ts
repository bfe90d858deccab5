import t from 'tap'
import { Bounded } from '../../lib/testing/state.js'

t.test('beyond its size the oldest entry is dropped', async (t) => {
  const map = new Bounded<number>()
  for (let i = 0; i <= 10_000; i++) map.set(String(i), i)
  t.equal(map.size, 10_000)
  t.notOk(map.has('0'))
  t.ok(map.has('1') && map.has('10000'))
})
