// What a failed call says of what it would have sent: `unspent` where nothing of it was sent, or where it was answered.
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { Agent } from 'undici'
import { createTransport } from '../../lib/http/transport.js'
import { isLoopback } from '../../lib/options.js'
import { freePort } from '../fixtures/app.js'
import { grantOf, startWireLogin } from '../fixtures/wire-login.js'
import { startServer } from '../fixtures/http-server.js'
import { agentOf } from '../fixtures/token-signer.js'

const post = { method: 'POST', headers: {}, body: 'refresh_token=1' }

t.test('nothing was sent', async (t) => {
  const plain = await startServer(t)
  const silent = createServer()
  const sockets: Socket[] = []
  silent.on('connection', socket => { sockets.push(socket) })
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { for (const socket of sockets) socket.destroy(); silent.close() })
  const cases: Array<[what: string, url: string, code: string]> = [
    ['nobody listens', `http://127.0.0.1:${await freePort()}/`, 'FST_OAUTH_PROVIDER_UNREACHABLE'],
    ['no TLS', plain.url.replace('http:', 'https:'), 'FST_OAUTH_PROVIDER_UNREACHABLE'],
    ['a TLS handshake that does not end', `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`, 'FST_OAUTH_PROVIDER_TIMEOUT'],
    ['plain http', 'http://idp.example.com/', 'FST_OAUTH_INSECURE_URL']
  ]
  const agent = new Agent()
  t.teardown(() => agent.destroy())
  for (const [what, url, code] of cases) {
    const call = createTransport({ dispatcher: agent, provider: 'test', timeout: 1_000, allows: isLoopback })
    await t.rejects(call(new URL(url), post), { code, unspent: true }, what)
  }
  t.equal(plain.calls.length, 0)
})

t.test('it was sent', async (t) => {
  const server = await startServer(t, () => new Promise(() => {}))
  const call = createTransport({ dispatcher: agentOf(t), provider: 'test', timeout: 500, allows: isLoopback })
  await t.rejects(call(new URL(server.url), post), { code: 'FST_OAUTH_PROVIDER_TIMEOUT', unspent: false })
  server.handler = (_call, response) => { response.socket?.resetAndDestroy(); return undefined }
  await t.rejects(call(new URL(server.url), post), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', unspent: false })
  server.handler = (_call, response) => { response.writeHead(200); response.write('{'); setTimeout(() => response.socket?.resetAndDestroy(), 20); return undefined }
  await t.rejects(call(new URL(server.url), post), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', unspent: false })
  server.handler = () => ({ status: 307, headers: { location: '/elsewhere' } })
  await t.rejects(call(new URL(server.url), post), { code: 'FST_OAUTH_PROVIDER_REDIRECT', unspent: true }, 'and answered')
})

t.test('a refresh that fails before its request has sent nothing: the provider\'s metadata cannot be had, or its key cannot sign', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())
  const { provider: fresh, wire: another } = await startWireLogin(t)
  another.on('/.well-known/openid-configuration', (_request, response) => { response.socket?.resetAndDestroy(); return undefined })
  await t.rejects(fresh.refresh(grant), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', unspent: true })
  t.equal(another.to('/token').length, 0)
  const { wire: third, provider: keyless } = await startWireLogin(t, { clientSecret: undefined, clientKeyAlg: 'ES256', clientKey: async () => { throw new Error('the KMS is down') } })
  await t.rejects(keyless.refresh(grant), { code: 'FST_OAUTH_CLIENT_KEY_FAILED', unspent: true }, 'nor has one that could not be signed')
  t.equal(third.to('/token').length, 0)
  wire.on('/token', (_request, response) => { response.socket?.resetAndDestroy(); return undefined })
  await t.rejects(provider.refresh(grant), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', unspent: false })
})
