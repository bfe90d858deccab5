// Each way in which a client may authenticate at the fake provider, taken and refused.
import { createHash } from 'node:crypto'
import { SignJWT, exportSPKI, generateKeyPair } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import type { FakeClient, FakeClientAuth } from '../../lib/testing/index.js'
import { startFake } from '../fixtures/fake-app.js'
import { clientOf } from '../fixtures/fake-client.js'
import type { FakeCall } from '../fixtures/fake-client.js'

const secret = 's+e:c%r é'

async function start (t: Test, clientAuth?: FakeClientAuth | FakeClientAuth[], client: Partial<FakeClient> = { clientSecret: secret }) {
  const fake = await startFake(t, { clients: [{ clientId: 'id:1', ...client }], quirks: clientAuth === undefined ? {} : { clientAuth } })
  const wire = clientOf(fake)
  const send = ({ form = {}, headers = {} }: FakeCall) => wire.send('/introspect', { form: { token: 'x', ...form }, headers })
  return { fake, send }
}

const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)
const basic = (id: string, password: string) => ({ headers: { authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(password)}`).toString('base64')}` } })
const post = (more: Record<string, string>) => ({ form: { client_id: 'id:1', ...more } })

t.test('by default: basic, post, and none for a client without a secret', async (t) => {
  const { send } = await start(t)
  t.match(await send(basic('id:1', secret)), { status: 200 })
  t.match(await send(post({ client_secret: secret })), { status: 200 })
  for (const call of [basic('id:1', 'wrong'), basic('nobody', secret), { headers: { authorization: 'Basic' } }, post({}), post({ client_secret: 'wrong' }), {}, { headers: { authorization: `Bearer ${secret}` } }]) {
    t.match(await send(call), { status: 401, json: { error: 'invalid_client' }, headers: { 'www-authenticate': /^Basic/ } })
  }
  const open = await start(t, undefined, {})
  t.match(await open.send(post({})), { status: 200 })
  t.match(await open.send(post({ client_secret: 'x' })), { status: 401 })
})

t.test('only the ways that a quirk names', async (t) => {
  const header = await start(t, ['header:secret_key', 'bearer'])
  t.match(await header.send({ ...post({}), headers: { secret_key: secret } }), { status: 200 })
  t.match(await header.send({ ...post({}), headers: { authorization: 'Bearer wrong' } }), { status: 401 })
  t.match(await header.send(basic('id:1', secret)), { status: 401, json: { error_description: 'client_secret_basic is not taken' } })

  const bearer = await start(t, 'bearer', { clientSecret: 'simple' })
  t.match(await bearer.send({ ...post({}), headers: { authorization: 'Bearer simple' } }), { status: 200 })

  const assertion = await start(t, 'client_assertion')
  t.match(await assertion.send(post({ client_assertion: secret })), { status: 200 })

  const hash = await start(t, 'hash')
  const digest = (code: string) => createHash('sha256').update(`${secret}|${code}`).digest('hex')
  t.match(await hash.send(post({ code: 'c', hash: digest('c') })), { status: 200 })
  t.match(await hash.send(post({ refresh_token: 'r', hash: digest('r') })), { status: 200 })
  t.match(await hash.send(post({ code: 'c', hash: digest('d') })), { status: 401 })
})

t.test('private_key_jwt: signed by the client, for this provider, once', async (t) => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const { fake, send } = await start(t, undefined, { publicKey: await exportSPKI(publicKey) })
  const assertion = (claims: Record<string, unknown> = {}) => new SignJWT({ iss: 'id:1', sub: 'id:1', aud: fake.issuer, jti: crypto.randomUUID(), exp: fake.clock() / 1_000 + 60, ...claims }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  const call = (token: string, more = {}) => send({ form: { client_assertion: token, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', ...more } })
  const good = await assertion()
  t.match(await call(good), { status: 200 }, 'the client is named by the assertion')
  t.match(await call(good), { status: 401 }, 'used before')
  t.match(await call(await assertion({ aud: `${fake.url}/token` }), { client_id: 'id:1' }), { status: 200 })
  for (const claims of [{ aud: 'https://elsewhere.example' }, { exp: 1 }, { iss: 'another' }]) t.match(await call(await assertion(claims)), { status: 401 })
  for (const nonsense of ['nonsense', 'a.b.c']) t.match(await call(nonsense), { status: 401 })
  const keyless = await start(t)
  t.match(await keyless.send({ form: { client_assertion: good } }), { status: 401 })
  const secretless = await start(t, 'client_secret_post', {})
  t.match(await secretless.send(post({ client_secret: 'x' })), { status: 401 })
})
