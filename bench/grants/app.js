// An application on a store that it may share with others: node app.js <store as JSON> <the token endpoint's origin>
// Requests are injected: what is measured is the plugin and its store, and no socket to a client.
import diagnostics from 'node:diagnostics_channel'
import Fastify from 'fastify'
import oauthPlugin from 'fastify-oauth'
import { Cipher } from '../../dist/lib/grants/cipher.js'
import { GrantKeeper } from '../../dist/lib/grants/keeper.js'
import { answer } from '../kit/processes.js'
import { openStore } from './stores.js'

const secret = 'a secret of the benchmark, 32 bytes at least'
const [address, origin] = process.argv.slice(2)
const { store } = openStore(JSON.parse(address))
const keeper = new GrantKeeper({ store, cipher: new Cipher([secret]), clock: Date.now, leaseTime: 20_000, warn: console.log })
const waits = []
diagnostics.channel('fastify-oauth:lease:wait').subscribe(({ duration }) => { waits.push(duration) })

const app = Fastify()
await app.register(oauthPlugin, {
  secret,
  session: { secret },
  store,
  owner: ({ headers }) => headers['x-owner'],
  providers: { bench: { authorizeUrl: `${origin}/authorize`, accessTokenUrl: `${origin}/token`, clientId: 'bench', clientSecret: 'benchsecretbenchsecret' } }
})
app.get('/token', { config: { oauth: 'bench' } }, async ({ oauth }) => oauth.grant.accessToken)
await app.ready()

async function request (owner) {
  const since = performance.now()
  const { statusCode } = await app.inject({ url: '/token', headers: { 'x-owner': owner, accept: 'application/json' } })
  return { time: performance.now() - since, failed: statusCode !== 200 }
}

// Runs each of the functions, so many at a time, and answers how long each took.
async function measure (owners, concurrency) {
  const left = [...owners]
  const times = []
  let failed = 0
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (let owner = left.pop(); owner !== undefined; owner = left.pop()) {
      const one = await request(owner)
      times.push(one.time)
      if (one.failed) failed++
    }
  }))
  const { user, system } = process.cpuUsage(before)
  return { times, failed, cpu: (user + system) / 1_000 }
}

answer({
  /** Stores a grant for each owner, that expires in so many milliseconds. */
  async grant ({ owners, expiresIn }) {
    for (const owner of owners) {
      const tokens = { tokenType: 'bearer', accessToken: 'first'.padEnd(400, '.'), refreshToken: `${owner} ${Math.random()}`, idToken: undefined, scope: [], expiresAt: Date.now() + expiresIn, claims: undefined, raw: {} }
      await keeper.save({ owner, provider: 'bench', account: 'default', subject: undefined, tokens, requestedScope: [] })
    }
  },
  requests: ({ owners, concurrency }) => measure(owners, concurrency),
  /** How long leases were waited for since this was asked last. */
  waits: () => waits.splice(0)
})
