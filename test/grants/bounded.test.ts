// Collections with a bound.
import t from 'tap'
import { BoundedMap, ExpiringSet } from '../../lib/grants/bounded.js'

t.test('a map keeps the entries that were set last', async (t) => {
  const map = new BoundedMap<number>(3)
  for (const [index, id] of ['a', 'b', 'c', 'a', 'd'].entries()) map.set(id, index)
  t.same([...map], [['c', 2], ['a', 3], ['d', 4]])
  for (let index = 0; index < 1_000; index++) {
    map.set(`id ${index}`, index)
    if (map.size > 3) t.fail(`it holds ${map.size}`)
  }
  t.same([...map.keys()], ['id 997', 'id 998', 'id 999'])
})

t.test('setting an entry again drops no other', async (t) => {
  const map = new BoundedMap<number>(2)
  map.set('a', 1).set('b', 2).set('a', 3).set('a', 4)
  t.same([...map], [['b', 2], ['a', 4]])
})

t.test('a map of none holds the last entry alone', async (t) => {
  const map = new BoundedMap<number>(0)
  t.same([...map.set('a', 1).set('b', 2)], [['b', 2]])
})

t.test('an id counts until its time is over', async (t) => {
  const set = new ExpiringSet(10)
  t.equal(set.has('a', 0), false)
  set.add('a', 0, 100)
  t.equal(set.has('a', 99), true)
  t.equal(set.has('a', 100), false)
  set.add('a', 50, 100)
  t.equal(set.has('a', 149), true, 'added again it counts from then')
  t.equal(set.has('b', 0), false)
})

t.test('ids whose time is over make room before others are dropped', async (t) => {
  const set = new ExpiringSet(2)
  set.add('a', 0, 10)
  set.add('b', 0, 100)
  set.add('c', 10, 100)
  t.equal(set.has('b', 10), true)
  set.add('d', 10, 100)
  t.equal(set.has('b', 10), false, 'then the oldest is dropped')
  t.equal(set.has('c', 10), true)
  t.equal(set.has('d', 10), true)
})
