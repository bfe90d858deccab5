// Every entry on the wire: a login, a refresh, a profile, a revocation and an API call. What leaves is held against
// test/catalogue/traffic.json, so that a change in what one provider is sent is seen in review.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { readEntries } from '../fixtures/catalogue-artifacts.js'
import { CatalogueServer, trafficFile, trafficOf } from '../fixtures/catalogue-traffic.js'

const recorded: Record<string, string[]> = JSON.parse(readFileSync(trafficFile, 'utf8'))
const entries = Object.entries(readEntries())
const server = await new CatalogueServer().listen()
t.teardown(() => server.close())

t.test('what was recorded is of these entries', async (t) => {
  t.strictSame(Object.keys(recorded), entries.map(([name]) => name))
})

for (const [name, entry] of entries) {
  t.test(name, async (t) => {
    const { requests, tokens, scope, expiresIn, profile, expected, revoked } = await trafficOf(name, entry, server)
    const strategy = entry.options.quirks?.strategy?.name
    const isLongLived = strategy === 'long-lived-token'
    const hasRefresh = entry.options.requestTokenUrl === undefined && strategy !== 'app-token'
    const { requestTokenUrl, issuer, revocationUrl, apiBaseUrl, scope: asked = [], clientAuth } = entry.options

    t.strictSame(requests, recorded[name], 'else run node dist/test/fixtures/catalogue-traffic.js, and look at what it changes')
    t.strictSame(tokens, !hasRefresh ? ['access-1'] : isLongLived ? ['access-2', 'access-3'] : ['access-1', 'access-2'])
    t.strictSame(profile, expected)
    t.equal(revoked, issuer !== undefined || revocationUrl !== undefined)
    if (requestTokenUrl === undefined) {
      t.strictSame(scope ?? [], asked.length === 0 && issuer !== undefined ? ['openid'].filter(() => scope !== undefined) : asked)
      t.equal(expiresIn, 3_600)
    }
    if (apiBaseUrl !== undefined) t.match(requests.at(-1), isLongLived ? /access-2/ : /access-1/, 'the call has the token')
    if (clientAuth === 'client_secret_basic') t.notMatch(requests.join(), 'client_secret=', 'a secret of client_secret_basic is no parameter')
    t.notMatch(requests.filter(request => request.startsWith('BROWSER')).join(), /[=\b]secret\b/, 'the secret reaches no browser')
  })
}
