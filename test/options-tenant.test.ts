// What a function in the place of a provider's options may answer.
import t from 'tap'
import { isTenantName, parsePluginOptions, parseProvider, parseTenantOptions } from '../lib/options.js'
import { messageOf } from './fixtures/options.js'

const good = { tenant: 'acme', clientId: 'id', clientSecret: 'canary-secret', issuer: 'https://sso.example' }

t.test('a provider\'s options, and whose they are', async (t) => {
  const { options, ...tenant } = parseTenantOptions('sso', { ...good, baseUrl: 'https://acme.app.example' })
  t.match(tenant, { tenant: 'acme', baseUrl: new URL('https://acme.app.example') })
  t.match(options, { clientId: 'id', issuer: 'https://sso.example', untrustedAddresses: true })
  t.notOk('tenant' in options)
  t.match(parseTenantOptions('sso', { ...good, untrustedAddresses: false }).options, { untrustedAddresses: false })
})

t.test('names of tenants', async (t) => {
  for (const name of ['a', '5', 'acme', 'acme.example', '0193b0c0-7c5e-7000-8000-000000000000', 'A_b-c.d', 'x'.repeat(100)]) t.equal(isTenantName(name), true, name)
  for (const name of ['', '.', '..', '-a', '_a', 'a/b', 'a:b', 'a b', 'ä', '__proto__', 'x'.repeat(101)]) {
    t.equal(isTenantName(name), false, name)
    t.match(messageOf(() => parseTenantOptions('sso', { ...good, tenant: name })), /^providers\.sso\(\)\.tenant is /)
  }
})

t.test('mistakes have a path, and show no secret', async (t) => {
  const cases: Array<[Record<string, unknown>, RegExp]> = [
    [{ tenant: undefined }, /^providers\.sso\(\)\.tenant is undefined; allowed is a tenant's name: 1 to 100 letters/],
    [{ tenant: 5 }, /^providers\.sso\(\)\.tenant is 5; /],
    [{ baseUrl: 'https://acme.example/path' }, /^providers\.sso\(\)\.baseUrl is .*; allowed is an origin/],
    [{ untrustedAddresses: 'no' }, /^providers\.sso\(\)\.untrustedAddresses is .*; allowed is true or false/],
    [{ clientSecret: ['canary-secret'] }, /^providers\.sso\(\)\.clientSecret is an array/],
    [{ issuer: 'http://sso.example' }, /^providers\.sso\(\)\.issuer is "http:\/\/sso\.example"; allowed is an https URL/],
    [{ client: 'canary-secret' }, /^providers\.sso\(\)\.client is not an option/]
  ]
  for (const [changes, expected] of cases) {
    const message = messageOf(() => parseTenantOptions('sso', { ...good, ...changes }))
    t.match(message, expected)
    t.notMatch(message, 'canary')
  }
})

t.test('a function stands wherever options may', async (t) => {
  const sso = () => null
  t.equal(parsePluginOptions({ providers: { sso } }).providers.sso, sso)
  t.equal(parseProvider('sso', sso), sso)
  t.match(parseProvider('sso', { clientId: 'id', issuer: 'https://sso.example' }), { clientId: 'id' })
  t.match(messageOf(() => parseProvider('a/b', sso)), /^the name of a provider is "a\/b"/)
})
