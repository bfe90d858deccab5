import t from 'tap'
import { oauthError } from '../../lib/errors.js'
import { Flights } from '../../lib/grants/flights.js'
import type { Flight } from '../../lib/grants/flights.js'

// A flight that ends when it is told to.
function heldFlight (id: string): Flight<string> & { begun: number, end: (outcome: string | Error) => void } {
  const flight = {
    id,
    provider: 'acme',
    begun: 0,
    end: (_outcome: string | Error) => {},
    begin: () => {
      flight.begun++
      return new Promise<string>((resolve, reject) => {
        flight.end = outcome => typeof outcome === 'string' ? resolve(outcome) : reject(outcome)
      })
    }
  }
  return flight
}

t.test('callers share what is under way for one id; the next one after its end begins it anew', async (t) => {
  const flights = new Flights<string>(Date.now)
  const one = heldFlight('one')
  const other = heldFlight('other')
  const calls = [flights.join(one), flights.join(one), flights.join(other)]
  t.strictSame([one.begun, other.begun], [1, 1])
  one.end('of one')
  other.end('of the other')
  t.strictSame(await Promise.all(calls), ['of one', 'of one', 'of the other'])
  const again = flights.join(one)
  one.end('of one again')
  t.equal(await again, 'of one again')
  t.equal(one.begun, 2)
})

t.test('a failure is that of all who wait, and is not kept', async (t) => {
  const flights = new Flights<string>(Date.now)
  const one = heldFlight('one')
  const calls = [flights.join(one), flights.join(one)].map(call => t.rejects(call, { message: 'it failed' }))
  one.end(new Error('it failed'))
  await Promise.all(calls)
  const again = flights.join(one)
  one.end('well')
  t.equal(await again, 'well')
})

t.test('what is begun ahead of need rests after a failure, for as long as the error says', async (t) => {
  let now = 1_000_000
  const flights = new Flights<string>(() => now)
  const one = heldFlight('one')
  const failures: unknown[] = []
  const ahead = () => flights.ahead(one, error => failures.push(error))
  ahead()
  ahead()
  t.equal(one.begun, 1, 'not while it is under way')
  const failure = oauthError('FST_OAUTH_PROVIDER_UNREACHABLE', ['acme', 'ECONNREFUSED'], undefined, { retryAfter: 30 })
  one.end(failure)
  await flights.drain()
  t.strictSame(failures, [failure])
  now += 10_000
  ahead()
  t.equal(one.begun, 1, 'it rests')
  const needed = flights.join(one)
  t.equal(one.begun, 2, 'who needs it does not wait for that')
  one.end('well')
  t.equal(await needed, 'well')
  now += 60_000
  ahead()
  t.equal(one.begun, 3)
  one.end('well again')
  await flights.drain()
  t.equal(failures.length, 1)
})

t.test('it is drained when nothing is under way', async (t) => {
  const flights = new Flights<string>(Date.now)
  await flights.drain()
  const one = heldFlight('one')
  const call = flights.join(one)
  let isDrained = false
  const draining = flights.drain().then(() => { isDrained = true })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(isDrained, false)
  one.end('well')
  t.equal(await call, 'well')
  await draining
})
