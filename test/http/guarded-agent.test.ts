// A29: connections to addresses that a stranger chose: what they really go to is looked at, at every one of them.
import type { lookup } from 'node:dns'
import t from 'tap'
import { request } from 'undici'
import { addressCheck, createGuardedAgent } from '../../lib/http/guarded-agent.js'
import { startServer } from '../fixtures/http-server.js'

const refused = [
  '0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.168.1.1', '198.18.0.1',
  '224.0.0.1', '255.255.255.255', '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '64:ff9b::a9fe:a9fe', '2002:7f00:1::', '2001::1',
  'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', 'no address', ''
]
const taken = ['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '192.167.0.1', '2606:4700::1111', '2a00:1450::1']

/** DNS that answers these addresses, in turn. */
function resolving (...answers: string[][]): typeof lookup {
  let count = 0
  const answer = (_name: string, _options: unknown, callback: (error: Error | null, addresses: object[]) => void) => {
    const addresses = answers[Math.min(count++, answers.length - 1)] ?? []
    callback(addresses.length === 0 ? Object.assign(new Error('not found'), { code: 'ENOTFOUND' }) : null, addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })))
  }
  return answer as unknown as typeof lookup
}

t.test('A29: what is private, loopback, link-local or reserved, in every form', async (t) => {
  const check = addressCheck([])
  for (const address of refused) t.equal(check(address), false, address)
  for (const address of taken) t.equal(check(address), true, address)
  const allowing = addressCheck(['10.1.0.0/16', '127.0.0.1', 'fd00::/8'])
  for (const address of ['10.1.255.1', '127.0.0.1', 'fd12::1']) t.equal(allowing(address), true, address)
  for (const address of ['10.2.0.1', '127.0.0.2', 'fc00::1']) t.equal(allowing(address), false, address)
})

t.test('A29: an address in the URL, a name that leads to one, and one that leads there the second time', async (t) => {
  const server = await startServer(t)
  const { port } = new URL(server.url)
  const connecting = async (host: string, allowed: string[], ...answers: string[][]) => {
    const dispatcher = createGuardedAgent({ provider: 'corp', allowed, resolve: resolving(...answers) })
    t.teardown(() => dispatcher.destroy())
    const call = async () => {
      const { statusCode, body } = await request(`http://${host}:${port}/`, { dispatcher, headers: { connection: 'close' } })
      await body.dump()
      return statusCode
    }
    return call
  }
  const error = { code: 'FST_OAUTH_ADDRESS_REFUSED', statusCode: 502, unspent: true, message: /corp.*allowedAddresses/ }
  for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '2130706433', '0x7f.1', '0177.0.0.1']) await t.rejects((await connecting(host, []))(), error, host)
  for (const answers of [['127.0.0.1'], ['10.0.0.1', '::1'], ['::ffff:127.0.0.1']]) await t.rejects((await connecting('sso.corp.example', [], answers))(), error, String(answers))
  await t.rejects((await connecting('sso.corp.example', [], []))(), { code: 'ENOTFOUND' })
  t.equal(server.calls.length, 0, 'nothing arrived')

  t.equal(await (await connecting('127.0.0.1', ['127.0.0.1']))(), 200, 'what is allowed')
  t.equal(await (await connecting('sso.corp.example', ['127.0.0.0/8'], ['10.0.0.1', '127.0.0.1']))(), 200, 'of several the one that is allowed')
  const rebound = await connecting('sso.corp.example', ['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2'])
  t.equal(await rebound(), 200)
  await t.rejects(rebound(), error, 'DNS that changes its mind')
})

t.test('a name is looked up for one address where Node.js asks for one', async (t) => {
  const { checkedLookup } = await import('../../lib/http/guarded-agent.js')
  const look = checkedLookup(resolving(['10.0.0.1', '8.8.8.8']), addressCheck([]), () => new Error('refused'))
  const answer = await new Promise(resolve => look('sso.corp.example', {}, (...given) => resolve(given)))
  t.strictSame(answer, [null, '8.8.8.8', 4])
})
