// fastify-oauth providers
import t from 'tap'
import { catalogue } from '../../lib/catalogue/index.js'
import { runHere, runProgram } from '../fixtures/cli.js'

const readOnce = [...catalogue].find(([, { verified }]) => verified === false)?.[0] as string

t.test('as a process: one entry, with the callback URL to register', async (t) => {
  const { code, stdout, stderr } = await runProgram(t, ['providers', 'auth0', '--base-url', 'https://app.example.com/', '--prefix', '/auth/'])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^Auth0 \(auth0\)\n/)
  t.match(stdout, /callback URL +https:\/\/app\.example\.com\/auth\/auth0\/callback\n/)
  t.match(stdout, /issuer +https:\/\/\{domain\}\/\n/)
  t.match(stdout, /domain +required, <tenant>/)
  t.match(stdout, /\* openid +sign-in with OpenID Connect\n/)
  t.match(stdout, /console +Auth0 Dashboard, Applications, https:/)
  t.match(stdout, /docs +https:\/\/auth0\.com\/docs/)
  t.match(stdout, "providers: { auth0: { clientId: '…', clientSecret: '…', params: { domain: '…' } } }")
  t.notMatch(stdout, '\u001b', 'no colours: it is no terminal')
})

t.test('every entry can be shown, with each of its quirks', async (t) => {
  for (const [name, { options: { quirks = {} } }] of catalogue) {
    const { code, stdout } = await runHere(t, ['providers', name])
    t.equal(code, 0, name)
    for (const quirk of Object.keys(quirks)) t.match(stdout, `\n  ${quirk}`, `${name}: ${quirk}`)
  }
})

t.test('what an entry says of itself', async (t) => {
  const sheet = async (name: string) => (await runHere(t, ['providers', name])).stdout
  t.match(await sheet('twitter'), /protocol +OAuth 1\.0a\n/)
  t.match(await sheet('twitter'), /note +legacy: OAuth1\.0a still works/)
  t.match(await sheet(readOnce), /note +read in one source only/)
  t.match(await sheet('github'), /enterprise-server +\{"authorizeUrl":"https:\/\/\{domain\}/)
  t.match(await sheet('github'), /domain +optional\n/)
  t.match(await sheet('github'), /callback URL +\{baseUrl\}\/oauth\/github\/callback/)
  t.match(await sheet('42-school'), "'42-school': {")
})

t.test('a search, by name, title and other names', async (t) => {
  const all = await runHere(t, ['providers'])
  t.equal(all.lines.length, catalogue.size)
  const { lines } = await runHere(t, ['providers', 'GIT'])
  t.ok(lines.some(line => /^github +oauth2 +GitHub$/.test(line)))
  t.ok(lines.every(line => /git/i.test(line)))
  const listed = (await runHere(t, ['providers'])).lines
  t.ok(listed.some(line => line.startsWith(`${readOnce} `) && line.endsWith('(read in one source only)')))
  t.match((await runHere(t, ['providers', 'google-openidconnect'])).stdout, /^Google \(google\)/, 'one match is shown')
  const none = await runHere(t, ['providers', 'githbu'])
  t.equal(none.code, 1)
  t.match(none.stderr, /^fastify-oauth providers: no entry .*nearest are .*github.*\n$/)
})

t.test('as JSON', async (t) => {
  const one = await runProgram(t, ['providers', 'github', '--json'])
  t.strictSame(JSON.parse(one.stdout), { name: 'github', protocol: 'oauth2', callbackUrl: '{baseUrl}/oauth/github/callback', entry: JSON.parse(JSON.stringify(catalogue.get('github'))) })
  const list = JSON.parse((await runHere(t, ['providers', 'twitter', '--json'])).stdout)
  t.equal(list.name, 'twitter')
  const found: Array<{ name: string, verified: boolean, protocol: string }> = JSON.parse((await runHere(t, ['providers', 'git', '--json'])).stdout)
  const all: typeof found = JSON.parse((await runHere(t, ['providers', '--json'])).stdout)
  t.equal(all.find(({ name }) => name === readOnce)?.verified, false)
  t.match(found.find(({ name }) => name === 'github'), { title: 'GitHub', verified: true, protocol: 'oauth2' })
  const none = await runHere(t, ['providers', 'zzzzzz', '--json'])
  t.equal(none.code, 1)
  t.match(JSON.parse(none.stdout), { error: { message: /^no entry/ } })
})

t.test('wrong options', async (t) => {
  for (const args of [['--base-url', 'example'], ['--base-url', 'ftp://example.com'], ['--prefix', 'oauth']]) {
    const { code, stderr } = await runHere(t, ['providers', 'github', ...args])
    t.equal(code, 2)
    t.match(stderr, `fastify-oauth providers: ${args[0]} is not`)
  }
})
