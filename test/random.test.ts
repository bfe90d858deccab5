// Random bytes, drawn in advance.
import t from 'tap'
import { RandomSource } from '../lib/random.js'

t.test('pieces have their length, and none is given out twice', async (t) => {
  const source = new RandomSource(12)
  const pieces = Array.from({ length: 1_000 }, () => source.next())
  t.ok(pieces.every(piece => piece.length === 12))
  t.equal(new Set(pieces.map(piece => piece.toString('hex'))).size, 1_000)
})
