// CPU time of a request on a guarded route with a grant that is fresh, against a handler that reads the token from
// @fastify/session; and of a route that does not use the plugin. All candidates in one run, interleaved.
//   node bench/guard/index.js [--rounds 60] [--warm-up 40] [--requests 400] [--concurrency 8] [--profile <folder>]
import { compare, explainColumns } from '../kit/compare.js'
import { parseOptions } from '../kit/options.js'

const { rounds, 'warm-up': warmUp, requests, concurrency, profile } = parseOptions({ rounds: 60, 'warm-up': 40, requests: 400, concurrency: 8 })

const app = new URL('app.js', import.meta.url)
const common = { app, rounds, warmUp, profile, digits: 4, size: requests }

console.log(`${rounds} rounds of ${requests} requests, ${concurrency} at a time, after ${warmUp} rounds of warm-up`)

await compare({
  ...common,
  title: 'A request of a user who is logged in',
  candidates: [
    { label: 'by hand: the token from @fastify/session', args: ['by-hand'] },
    { label: 'by hand, a second process (the noise)', args: ['by-hand'] },
    { label: 'fastify-oauth: guarded route', args: ['guarded'] },
    { label: 'fastify-oauth: guarded route, inject.request', args: ['injected'] }
  ],
  prepare: async (browser, app) => { await browser.ask('signIn', app); return {} },
  load: (browser, app) => browser.ask('requests', { app, path: '/length', expected: '{"length":43}', count: requests, concurrency })
})

await compare({
  ...common,
  title: 'A route that does not use the plugin',
  candidates: [
    { label: 'with @fastify/cookie', args: ['hello-cookie'] },
    { label: 'with @fastify/cookie, a second process (the noise)', args: ['hello-cookie'] },
    { label: 'with nothing', args: ['hello'] },
    { label: 'with fastify-oauth, which registers @fastify/cookie', args: ['hello-plugin'] }
  ],
  prepare: async () => ({}),
  load: (browser, app) => browser.ask('requests', { app, path: '/hello', expected: '{"hello":"world"}', count: requests, concurrency })
})
explainColumns()
