// CPU time of one login in the application's process, against the same login written by hand.
//   node bench/login/index.js [--rounds 40] [--warm-up 60] [--logins 50] [--concurrency 8] [--profile <folder>]
import { compare, explainColumns } from '../kit/compare.js'
import { parseOptions } from '../kit/options.js'

const { rounds, 'warm-up': warmUp, logins, concurrency, profile } = parseOptions({ rounds: 40, 'warm-up': 60, logins: 50, concurrency: 8 })

const byHand = { label: 'by hand: undici, jose, @fastify/session', file: 'by-hand' }
const again = { label: 'by hand, a second process (the noise)', file: 'by-hand' }
const plugin = { label: 'fastify-oauth', file: 'fastify-oauth' }
const fastifyOAuth2 = { label: '@fastify/oauth2', file: 'fastify-oauth2' }
const openidClient = { label: 'openid-client', file: 'openid-client' }

const scenarios = [
  { title: 'OpenID Connect: code, state, PKCE, nonce, id_token', protocol: 'oidc', candidates: [byHand, again, plugin, fastifyOAuth2, openidClient] },
  { title: 'OAuth 2.0: code, state, PKCE', protocol: 'oauth2', candidates: [byHand, again, plugin, fastifyOAuth2] }
]

console.log(`One login. ${rounds} rounds of ${logins} logins, ${concurrency} at a time, after ${warmUp} rounds of warm-up`)
for (const { title, protocol, candidates } of scenarios) {
  await compare({
    title,
    app: new URL('app.js', import.meta.url),
    candidates: candidates.map(({ label, file }) => ({ label, args: [file, protocol] })),
    prepare: (browser, app) => browser.ask('probe', app),
    load: (browser, app) => browser.ask('logins', { app, count: logins, concurrency }),
    size: logins,
    rounds,
    warmUp,
    profile
  })
}
explainColumns()
console.log('forged …  what the callback does with a login in which that does not match')
