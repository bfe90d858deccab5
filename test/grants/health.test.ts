// Providers that fail are left alone, and asked again.
import t from 'tap'
import { oauthError } from '../../lib/errors.js'
import { ProviderHealth, withJitter } from '../../lib/grants/health.js'
import { errorOf, outage, refusal } from '../fixtures/grants.js'

function start () {
  const clock = { now: 1_750_000_000_000 }
  const health = new ProviderHealth(() => clock.now)
  const fail = (error: Error, provider = 'test') => errorOf(health.watch(provider, async () => { throw error }))
  const failTimes = async (times: number, error: () => Error = outage) => { for (let time = 0; time < times; time++) await fail(error()) }
  /** Seconds that are asked for; null where a call may be made. */
  const restOf = (provider = 'test') => {
    try {
      health.check(provider)
      return null
    } catch (error) {
      return error as { code: string, statusCode: number, retryAfter: number }
    }
  }
  return { clock, health, fail, failTimes, restOf }
}

const unavailable = (retryAfter?: number) => oauthError('FST_OAUTH_PROVIDER_UNAVAILABLE', ['test', 503], undefined, { retryAfter: retryAfter ?? 5, retryDemanded: retryAfter !== undefined, unspent: true })

t.test('a provider that nothing is known of may be called', (t) => {
  const { health, restOf } = start()
  t.equal(restOf(), null)
  t.equal(health.isResting('test'), false)
  t.end()
})

t.test('five faults on end make a rest, which is told with the time to come back; another provider is not concerned', async (t) => {
  const { health, failTimes, restOf } = start()
  await failTimes(4)
  t.equal(restOf(), null)
  t.equal(health.isResting('test'), false)
  await failTimes(1)
  t.match(restOf(), { code: 'FST_OAUTH_PROVIDER_RESTING', statusCode: 503, retryAfter: 2 })
  t.equal(health.isResting('test'), true)
  t.equal(restOf('another'), null)
})

t.test('every kind of fault counts, an answer does not', async (t) => {
  for (const code of ['FST_OAUTH_PROVIDER_UNAVAILABLE', 'FST_OAUTH_PROVIDER_UNREACHABLE', 'FST_OAUTH_PROVIDER_TIMEOUT', 'FST_OAUTH_DISCOVERY_FAILED'] as const) {
    const { failTimes, restOf } = start()
    await failTimes(5, () => oauthError(code, ['test', 'why']))
    t.not(restOf(), null, code)
  }
  for (const error of [new Error('of the application'), refusal('invalid_grant'), oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', 'test', 'why'])]) {
    const { failTimes, restOf } = start()
    await failTimes(5, () => error)
    t.equal(restOf(), null, error.message)
  }
})

t.test('a success, or a refusal, begins the count anew', async (t) => {
  for (const answer of ['tokens', 'refusal']) {
    const { health, fail, failTimes, restOf } = start()
    await failTimes(4)
    if (answer === 'tokens') t.equal(await health.watch('test', async () => 'tokens'), 'tokens')
    else await fail(refusal('invalid_client'))
    await failTimes(4)
    t.equal(restOf(), null)
    await failTimes(1)
    t.not(restOf(), null)
  }
})

t.test('after a rest one caller tries, while the others still rest; each failure doubles the rest, up to a minute and a quarter', async (t) => {
  const { clock, failTimes, restOf } = start()
  await failTimes(5)
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
    const rest = restOf()?.retryAfter ?? 0
    t.ok(rest >= seconds && rest <= seconds * 1.25 + 1, `${rest} of ${seconds} s`)
    clock.now += seconds * 1_000 - 1
    t.not(restOf(), null, 'not before')
    clock.now += seconds * 250 + 1
    t.equal(restOf(), null, 'one tries')
    t.match(restOf(), { retryAfter: 1 }, 'the others do not')
    await failTimes(1)
  }
})

t.test('where the one that tries never comes back, the next may after a second', async (t) => {
  const { clock, failTimes, restOf } = start()
  await failTimes(5)
  clock.now += 1_250
  t.equal(restOf(), null)
  clock.now += 1_000
  t.equal(restOf(), null)
})

t.test('a time that the provider names is kept, from the first fault on, a minute at most; then all may come back', async (t) => {
  for (const [asked, least] of [[7, 7], [3_600, 60]] as const) {
    const { clock, fail, restOf } = start()
    await fail(unavailable(asked))
    t.ok((restOf()?.retryAfter ?? 0) >= least)
    clock.now += least * 1_000 - 1
    t.not(restOf(), null)
    clock.now += least * 250 + 1
    t.equal(restOf(), null)
    t.equal(restOf(), null)
  }
  const { fail, restOf } = start()
  await fail(unavailable())
  t.equal(restOf(), null, 'a guess of ours is none')
})

t.test('jitter adds up to a quarter, and not always the same', (t) => {
  const rests = Array.from({ length: 100 }, () => withJitter(1_000))
  t.ok(rests.every(rest => rest >= 1_000 && rest <= 1_250))
  t.ok(new Set(rests).size > 1)
  t.end()
})
