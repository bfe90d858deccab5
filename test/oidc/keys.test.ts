// The provider's keys over time: kept for their lifetime, renewed behind, used a day longer while they cannot be had.
import { createHmac } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { OperationProcessingError } from 'oauth4webapi'
import t from 'tap'
import { createTransport } from '../../lib/http/transport.js'
import { ProviderKeys } from '../../lib/oidc/keys.js'
import { isLoopback } from '../../lib/options.js'
import { unsigned } from '../fixtures/id-tokens.js'
import { agentOf } from '../fixtures/token-signer.js'
import { failureOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireLogin } from '../fixtures/wire-login.js'

const [minute, day] = [60_000, 86_400_000]

/** A login at this time, with an id_token of this time. */
async function loginAt (client: WireLogin, ahead: number) {
  client.ahead = ahead
  const now = Math.floor((Date.now() + ahead) / 1_000)
  client.wire.claims = { iat: now, exp: now + 300 }
  return client.login()
}

async function fetched ({ wire }: WireLogin, times: number): Promise<void> {
  while (wire.to('/jwks').length < times) await delay(5)
  await delay(50)
}

t.test('kept for five minutes where nothing is said, then renewed behind a login', async (t) => {
  const client = await startWireLogin(t)
  await loginAt(client, 0)
  await loginAt(client, 5 * minute - 5_000)
  t.equal(client.wire.to('/jwks').length, 1)
  await loginAt(client, 5 * minute + 1_000)
  await fetched(client, 2)
  await loginAt(client, 6 * minute)
  t.equal(client.wire.to('/jwks').length, 2)
})

t.test('used while they cannot be had, which is tried every ten seconds, and for a day', async (t) => {
  const client = await startWireLogin(t)
  await loginAt(client, 0)
  client.wire.on('/jwks', () => ({ status: 500 }))
  await loginAt(client, 6 * minute)
  await loginAt(client, 6 * minute + 5_000)
  await fetched(client, 2)
  t.equal(client.wire.to('/jwks').length, 2)
  await loginAt(client, 6 * minute + 11_000)
  await fetched(client, 3)
  t.match(await failureOf(t, loginAt(client, day + 6 * minute)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /JWK Set/ })
})

t.test('an issuer that has moved its keys', async (t) => {
  const client = await startWireLogin(t)
  await loginAt(client, 0)
  client.wire.metadata.jwks_uri = `${client.wire.issuer}/keys-2`
  client.wire.handlers.set('/keys-2', async () => ({ body: { keys: [await client.wire.publicJwk()] } }))
  await loginAt(client, 61 * minute)
  await delay(100)
  t.equal((await loginAt(client, 61 * minute)).subject, 'user-1')
  t.ok(client.wire.requests.some(({ path }) => path === '/keys-2'))
})

t.test('an issuer without keys: signed answers cannot be verified', async (t) => {
  const client = await startWireLogin(t, { scope: [] })
  client.wire.metadata.jwks_uri = undefined
  t.match(await failureOf(t, client.login()), { code: /FST_OAUTH_(DISCOVERY_FAILED|ID_TOKEN_INVALID)/ })
})

t.test('HS256, where idTokenAlg names it: signed with the secret, and with nothing else; no keys are needed', async (t) => {
  const { wire, login } = await startWireLogin(t, { idTokenAlg: 'HS256' })
  wire.metadata.jwks_uri = undefined
  const signedBy = (secret: string, cut = 0) => {
    wire.forge = (claims) => {
      const input = unsigned({ alg: 'HS256' }, claims).slice(0, -1)
      return `${input}.${createHmac('sha256', secret).update(input).digest().subarray(cut).toString('base64url')}`
    }
  }
  signedBy(wire.clientSecret)
  t.equal((await login()).subject, 'user-1')
  for (const [secret, cut] of [['another secret of the same length, or so', 0], [wire.clientSecret, 1], [wire.clientSecret, 32], ['', 0]] as const) {
    signedBy(secret, cut)
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /signature/ })
  }
  delete wire.forge
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /alg/ }, 'RS256')
})

t.test('a check that failed by keys which another has replaced meanwhile takes the new ones', async (t) => {
  const { wire } = await startWireLogin(t)
  const dispatcher = agentOf(t)
  const keys = new ProviderKeys({ provider: 'wire', clock: Date.now, transport: createTransport({ dispatcher, provider: 'wire', timeout: 5_000, allows: isLoopback }) })
  const server = { issuer: wire.issuer, jwks_uri: `${wire.issuer}/jwks` }
  await keys.check(server, async () => 'they are there')
  const failure = new OperationProcessingError('no such key')
  let release = () => {}
  const held = new Promise<void>(resolve => { release = resolve })
  let tries = 0
  const waiting = keys.check(server, async () => {
    if (tries++ > 0) return 'with the new ones'
    await held
    throw failure
  })
  wire.on('/jwks', () => ({ body: { keys: [] } }))
  await t.rejects(keys.check(server, async () => { throw failure }), failure)
  release()
  t.equal(await waiting, 'with the new ones')
  t.equal(wire.to('/jwks').length, 2)
})

t.test('keys that are still being asked for at an old address are not waited for in the place of those at the new one', async (t) => {
  const { wire } = await startWireLogin(t)
  const dispatcher = agentOf(t)
  const keys = new ProviderKeys({ provider: 'wire', clock: Date.now, transport: createTransport({ dispatcher, provider: 'wire', timeout: 5_000, allows: isLoopback }) })
  let release = () => {}
  const held = new Promise<void>(resolve => { release = resolve })
  wire.handlers.set('/old', async () => { await held; return { body: JSON.stringify({ keys: [] }) } })
  const run = async () => 'checked'
  const old = keys.check({ issuer: wire.issuer, jwks_uri: `${wire.issuer}/old` }, run)
  const moved = keys.check({ issuer: wire.issuer, jwks_uri: `${wire.issuer}/jwks` }, run)
  const first = await Promise.race([moved, delay(1_000, 'still waiting')])
  release()
  t.equal(first, 'checked')
  t.equal(await old, 'checked')
  t.equal(await keys.check({ issuer: wire.issuer, jwks_uri: `${wire.issuer}/jwks` }, run), 'checked')
  t.equal(wire.to('/jwks').length, 1)
})
