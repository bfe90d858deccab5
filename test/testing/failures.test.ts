// Every fault by its name, through the application's real failure path, in the process and over loopback.
import t from 'tap'
import { faultStages } from '../../lib/testing/faults.js'
import type { FakeFault } from '../../lib/testing/index.js'
import { startFakeApp } from '../fixtures/fake-app.js'

/** What the application answers to a login that meets it: a status with a code, or 303 where it copes. */
const outcomes: Record<Exclude<FakeFault, 'lost-refresh'>, [status: number, code?: string]> = {
  refuse: [503, 'FST_OAUTH_PROVIDER_UNREACHABLE'],
  reset: [503, 'FST_OAUTH_PROVIDER_UNREACHABLE'],
  'slow-drip': [504, 'FST_OAUTH_PROVIDER_TIMEOUT'],
  'status-429': [503, 'FST_OAUTH_PROVIDER_UNAVAILABLE'],
  'status-500': [503, 'FST_OAUTH_PROVIDER_UNAVAILABLE'],
  html: [502, 'FST_OAUTH_INVALID_PROVIDER_ANSWER'],
  truncated: [503, 'FST_OAUTH_PROVIDER_UNREACHABLE'],
  huge: [502, 'FST_OAUTH_ANSWER_TOO_LARGE'],
  'gzip-bomb': [502, 'FST_OAUTH_ANSWER_TOO_LARGE'],
  'wrong-content-type': [303],
  invalid_grant: [400, 'FST_OAUTH_CODE_REFUSED'],
  'error-in-200': [400, 'FST_OAUTH_CODE_REFUSED'],
  'form-encoded': [303],
  'nested-tokens': [502, 'FST_OAUTH_INVALID_PROVIDER_ANSWER'],
  'no-token-type': [303],
  'odd-token-type': [303],
  'string-expires-in': [303],
  'wrong-iss': [400, 'FST_OAUTH_ID_TOKEN_INVALID'],
  'wrong-aud': [400, 'FST_OAUTH_ID_TOKEN_INVALID'],
  'wrong-nonce': [400, 'FST_OAUTH_ID_TOKEN_INVALID'],
  'alg-none': [400, 'FST_OAUTH_ID_TOKEN_INVALID'],
  'key-rotated': [303],
  'unknown-key': [400, 'FST_OAUTH_ID_TOKEN_INVALID'],
  'clock-off': [400, 'FST_OAUTH_ID_TOKEN_INVALID'],
  access_denied: [403, 'FST_OAUTH_ACCESS_DENIED'],
  server_error: [502, 'FST_OAUTH_AUTHORIZATION_FAILED'],
  temporarily_unavailable: [502, 'FST_OAUTH_AUTHORIZATION_FAILED'],
  'wrong-state': [400, 'FST_OAUTH_STATE_MISMATCH'],
  'no-state': [400, 'FST_OAUTH_STATE_MISSING'],
  'wrong-callback-iss': [400, 'FST_OAUTH_INVALID_CALLBACK']
}

t.test('each fault has its outcome here', async (t) => {
  t.strictSame([...Object.keys(outcomes), 'lost-refresh'].sort(), Object.keys(faultStages).sort())
})

for (const listens of [false, true]) {
  t.test(`faults of a login, ${listens ? 'over loopback' : 'in the process'}`, async (t) => {
    const { app, fake } = await startFakeApp(t, { listens })
    const impatient = await startFakeApp(t, { listens, plugin: { timeout: 2_000 } })
    for (const [name, [status, code]] of Object.entries(outcomes) as Array<[FakeFault, [number, string?]]>) {
      const at = name === 'slow-drip' ? impatient : { app, fake }
      const { response } = await at.fake.failWith(at.app, name, { provider: 'fake' })
      t.equal(response.statusCode, status, name)
      if (code !== undefined) t.match(response.body, code, `${name} is ${code}`)
    }
    const { response } = await fake.loginAs(app, 'user-1', { provider: 'fake' })
    t.equal(response.statusCode, 303, 'and none of them lasts')
  })

  t.test(`the API and a refresh, ${listens ? 'over loopback' : 'in the process'}`, async (t) => {
    const { app, fake } = await startFakeApp(t, { listens })
    const session = await fake.loginAs(app, 'user-1', { provider: 'fake' })
    const call = async () => {
      const response = await app.inject({ url: '/call', ...session })
      return { status: response.statusCode, code: response.json().code }
    }

    fake.faults.next('reset', 1, { at: 'api' })
    t.strictSame(await call(), { status: 502, code: 'FST_OAUTH_API_UNREACHABLE' })
    t.match(await call(), { status: 200 })
    fake.faults.set('status-500', { at: 'api' })
    t.match([await call(), await call()], [{ status: 500 }, { status: 500 }])
    fake.faults.clear('status-500')

    fake.expireAccessTokens()
    t.match(await call(), { status: 200 }, 'a refused token is refreshed')
    fake.clock.advance(3_600_000)
    fake.faults.next('lost-refresh')
    t.match(await call(), { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' }, 'the provider has rotated, and the application does not know')
    t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' }, 'the reuse ends the grant')
  })
}

t.test('options of faults', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { faults: ['string-expires-in'] } })
  const limited = await fake.failWith(app, 'status-429', { provider: 'fake', retryAfter: 77 })
  t.equal(limited.response.headers['retry-after'], '77')
  t.match((await fake.failWith(app, 'clock-off', { provider: 'fake', seconds: 30 })).response, { statusCode: 303 }, 'within the tolerance')
  t.match((await fake.failWith(app, 'huge', { provider: 'fake', bytes: 100 })).response.body, 'FST_OAUTH_INVALID_PROVIDER_ANSWER')
  t.match((await fake.failWith(app, 'gzip-bomb', { provider: 'fake', bytes: 100 })).response.body, 'FST_OAUTH_INVALID_PROVIDER_ANSWER')
  await t.rejects(fake.failWith(app, 'status-500', { provider: 'fake', at: 'jwks' }), { message: /never met/ }, 'keys were fetched before')
})

t.test('a login that never meets the fault is an error of the test', async (t) => {
  const { app, fake } = await startFakeApp(t)
  await t.rejects(fake.failWith(app, 'lost-refresh', { provider: 'fake' }), { code: 'FST_OAUTH_TESTING_LOGIN_FAILED', message: /never met the fault lost-refresh/ })
  await t.rejects(fake.failWith(app, 'lost-reply' as FakeFault, { provider: 'fake' }), { code: 'FST_OAUTH_TESTING_UNKNOWN_FAULT', message: /"lost-reply"; it has refuse, / })
  await t.rejects(fake.failWith(app, 'refuse', { provider: 'nobody' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
  t.throws(() => fake.faults.clear('toString' as FakeFault), { code: 'FST_OAUTH_TESTING_UNKNOWN_FAULT' })
  const { response } = await fake.loginAs(app, 'user-1', { provider: 'fake' })
  t.equal(response.statusCode, 303, 'and leaves nothing behind')
})

t.test('a fault where the login starts: the provider is not even reached', async (t) => {
  const { app, fake } = await startFakeApp(t)
  const { response, location } = await fake.failWith(app, 'status-500', { provider: 'fake', at: 'discovery' })
  t.match(response.body, 'FST_OAUTH_DISCOVERY_FAILED')
  t.equal(location, undefined)
})

t.test('what refuses connections records nothing', async (t) => {
  const { app, fake } = await startFakeApp(t)
  fake.faults.set('refuse')
  t.equal((await app.inject({ url: '/oauth/fake', headers: { accept: 'text/html' } })).statusCode, 503)
  t.strictSame(fake.requests, [])
  fake.faults.clear()
  await fake.loginAs(app, 'user-1', { provider: 'fake' })
  t.match(fake.requests.map(({ method, endpoint }) => `${method} ${endpoint}`), ['GET discovery', 'GET authorize', 'POST authorize', 'POST authorize', 'POST token', 'GET jwks'])
  t.match(fake.requests.find(({ endpoint }) => endpoint === 'token'), { params: { grant_type: 'authorization_code', code: /^fake-code-/, code_verifier: /./ }, headers: { authorization: /^Basic / } })
})
