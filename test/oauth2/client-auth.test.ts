// Client authentication at the token endpoint: RFC 6749 section 2.3.1.
import t from 'tap'
import { byHand, startWireLogin } from '../fixtures/wire-login.js'
import type { WireRequest } from '../fixtures/wire-provider.js'

function basicOf (request: WireRequest | undefined): string {
  const [, value = ''] = /^Basic (.+)$/.exec(String(request?.headers.authorization)) ?? []
  return Buffer.from(value, 'base64').toString()
}

t.test('client_secret_basic is written as application/x-www-form-urlencoded: *-._ raw, all else encoded', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({
    ...byHand(wire),
    clientId: 'https://client.example:8443/a b',
    clientSecret: 'a*b-c._d+e/f:g%h~i!j\'k(l)m=n&o é€ "'
  }))

  await login()

  const [request] = wire.to('/token')
  t.equal(basicOf(request), 'https%3A%2F%2Fclient.example%3A8443%2Fa+b:a*b-c._d%2Be%2Ff%3Ag%25h%7Ei%21j%27k%28l%29m%3Dn%26o+%C3%A9%E2%82%AC+%22')
  t.notOk(request?.form.has('client_secret'), 'and not in the body as well')
  const [id, secret] = basicOf(request).split(':').map(part => new URLSearchParams(`v=${part}`).get('v'))
  t.strictSame({ id, secret }, { id: 'https://client.example:8443/a b', secret: 'a*b-c._d+e/f:g%h~i!j\'k(l)m=n&o é€ "' }, 'a server that decodes finds it as it was')
})

t.test('client_secret_post puts both into the body, and nothing into the header', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), clientSecret: 'a+b/c:d%e', clientAuth: 'client_secret_post' }))

  await login()

  const [request] = wire.to('/token')
  t.equal(request?.form.get('client_id'), wire.clientId)
  t.equal(request?.form.get('client_secret'), 'a+b/c:d%e')
  t.notOk(request?.headers.authorization)
})

t.test('a client without a secret names itself in the body', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), clientSecret: undefined }))

  await login()

  const [request] = wire.to('/token')
  t.equal(request?.form.get('client_id'), wire.clientId)
  t.notOk(request?.form.has('client_secret'))
  t.notOk(request?.headers.authorization)
})

t.test('clientAuth "none" keeps the secret to itself', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), clientAuth: 'none' }))

  await login()

  const [request] = wire.to('/token')
  t.equal(request?.form.get('client_id'), wire.clientId)
  t.notMatch(JSON.stringify(request), /secret-which-is-a-canary/)
})

t.test('the choice from metadata: basic first, post where basic is not offered, basic where nothing is said', async (t) => {
  for (const [offered, expected] of [
    [['client_secret_post', 'client_secret_basic'], 'basic'],
    [['private_key_jwt', 'client_secret_post'], 'post'],
    [['private_key_jwt'], 'basic'],
    [undefined, 'basic']
  ] as const) {
    const { wire, login } = await startWireLogin(t)
    wire.metadata.token_endpoint_auth_methods_supported = offered

    await login()

    const [request] = wire.to('/token')
    t.equal(request?.headers.authorization === undefined ? 'post' : 'basic', expected, String(offered))
  }
})

t.test('what is declared wins over the metadata', async (t) => {
  const { wire, login } = await startWireLogin(t, { clientAuth: 'client_secret_post' })
  wire.metadata.token_endpoint_auth_methods_supported = ['client_secret_basic']

  await login()

  t.equal(wire.to('/token')[0]?.form.get('client_secret'), wire.clientSecret)
})
