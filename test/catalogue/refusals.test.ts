// What APIs answer to who asks for a user with a token that is not good, in the shape of the providers' documentation with invented values;
// and how the error reads that a login, or a profile, then ends with.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { OAuthCatalogueEntry } from '../../types/catalogue.js'
import type { OAuthGrant } from '../../lib/index.js'
import { parseProviderOptions } from '../../lib/options.js'
import { Provider } from '../../lib/provider.js'
import { readEntries } from '../fixtures/catalogue-artifacts.js'
import { clientOf, paramsOf } from '../fixtures/catalogue-client.js'
import { CatalogueServer, Refusal, metadataOf } from '../fixtures/catalogue-traffic.js'
import { projectRoot } from '../fixtures/project.js'
import { failureOf } from '../fixtures/wire-login.js'

interface Example { provider: string, status: number, headers?: Record<string, string>, answer: unknown, /** What is repeated of it. */ says: string | null }

const read = (file: string) => JSON.parse(readFileSync(join(projectRoot, 'test/catalogue', file), 'utf8'))
const refusals: Example[] = read('refusals.json')
const ofOAuth1 = (read('tokens.json') as Array<Pick<Example, 'provider' | 'status' | 'answer'> & { error?: string }>).filter(({ error }) => error?.startsWith('status') === true)
const entries = readEntries()
const server = await new CatalogueServer().listen()
t.teardown(() => server.close())

const grant: OAuthGrant = {
  provider: 'p',
  owner: 'o',
  account: 'a',
  subject: 'someone',
  tokenType: 'bearer',
  accessToken: 'token-canary-1',
  tokenSecret: 'token-secret-canary',
  refreshToken: undefined,
  idToken: undefined,
  scope: [],
  expiresAt: undefined,
  claims: undefined,
  raw: { openid: 'openid-1', userid: 'user-1' },
  version: 1,
  authorizedAt: 0,
  updatedAt: 0,
  status: 'active'
}

/** The provider that an entry describes, whose every endpoint but its metadata answers so. */
function refusing (name: string, answer: Refusal): Provider {
  const entry = entries[name] as OAuthCatalogueEntry
  const { clientSecret, ...client } = clientOf(entry.options)
  const options = parseProviderOptions(name, { ...client, ...(clientSecret === undefined ? {} : { clientSecret: 'client-secret-canary-of-32-bytes' }), params: paramsOf(entry) })
  server.start(({ url }) => options.issuer !== undefined && url.pathname.includes('/.well-known/') ? metadataOf(options.issuer) : answer)
  return new Provider(name, options, { dispatcher: server.dispatcher, timeout: 5_000, clock: Date.now })
}

for (const { provider: name, status, headers, answer, says } of refusals) {
  t.test(`${name}: ${says ?? status}`, async (t) => {
    const provider = refusing(name, new Refusal(status, answer, headers))
    const { code, message } = await failureOf(t, provider.profile(grant))
    const why = status === 200 ? 'it describes no user' : `status ${status}`
    t.equal(code, 'FST_OAUTH_INVALID_PROVIDER_ANSWER')
    t.equal(message, `The userinfo endpoint of ${name} gave an answer that cannot be used: ${says === null ? why : `${why}: ${says}`}`)
    await provider.close()
  })
}

for (const { provider: name, status, answer, error } of ofOAuth1) {
  t.test(`${name}: ${error}, to a request for temporary credentials`, async (t) => {
    const provider = refusing(name, new Refusal(status, answer))
    const { code, message } = await failureOf(t, provider.begin({ redirectUri: 'https://app.example/callback', scope: [], params: {} }, null))
    t.equal(code, 'FST_OAUTH_TOKEN_REFUSED')
    t.equal(message, `The request token endpoint of ${name} answered with an error (${error})`)
    await provider.close()
  })
}

t.test('each provider whose scopes the catalogue explains, and that tells of its users, is here', async (t) => {
  const told: ReadonlySet<string> = new Set(refusals.map(({ provider }) => provider))
  for (const [name, { scopes, options }] of Object.entries(entries)) {
    // Apple has id_tokens alone.
    if (scopes !== undefined && name !== 'apple') t.ok(told.has(name) || options.quirks?.userinfo?.from !== undefined, name)
  }
})
