// CPU time of one signed API call in the application's process, against the same call written by hand; and what the plugin
// costs a route that does not use it.
//   node bench/api-call/index.js [--rounds 40] [--warm-up 40] [--calls 100] [--hellos 400] [--concurrency 8] [--profile <folder>]
import { compare, explainColumns } from '../kit/compare.js'
import { parseOptions } from '../kit/options.js'

const { rounds, 'warm-up': warmUp, calls, hellos, concurrency, profile } = parseOptions({ rounds: 40, 'warm-up': 40, calls: 100, hellos: 400, concurrency: 8 })

const notes = JSON.stringify({ notes: [{ id: 1, text: 'Weaves algebraic patterns' }, { id: 2, text: 'As the loom weaves flowers' }] })
const hello = JSON.stringify({ hello: 'world' })
const app = new URL('app.js', import.meta.url)
const common = { app, rounds, warmUp, profile, digits: 4 }

console.log(`${rounds} rounds, ${concurrency} requests at a time, after ${warmUp} rounds of warm-up`)

await compare({
  ...common,
  title: `One signed call in the name of a user who is logged in, ${calls} a round`,
  candidates: [
    { label: 'by hand: undici, @fastify/session', args: ['by-hand'] },
    { label: 'by hand, a second process (the noise)', args: ['by-hand'] },
    { label: 'fastify-oauth: guarded route, request.oauth.get()', args: ['fastify-oauth'] }
  ],
  prepare: async (browser, app) => { await browser.ask('signIn', app); return {} },
  load: (browser, app) => browser.ask('requests', { app, path: '/notes', expected: notes, count: calls, concurrency }),
  size: calls
})

for (const [title, file] of [['with a session', 'hello-session'], ['without a session', 'hello-bare']]) {
  await compare({
    ...common,
    title: `A route that does not use the plugin, ${title}, ${hellos} requests a round`,
    candidates: [
      { label: 'plugin not registered', args: [file] },
      { label: 'not registered, a second process (the noise)', args: [file] },
      { label: 'plugin registered', args: [`${file}-plugin`] }
    ],
    prepare: async () => ({}),
    load: (browser, app) => browser.ask('requests', { app, path: '/hello', expected: hello, count: hellos, concurrency }),
    size: hellos
  })
}
explainColumns()
