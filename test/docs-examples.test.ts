// The applications in the guides for those who come from another library run as they stand, against fake providers at the addresses they name.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInThisContext } from 'node:vm'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { Dispatcher } from 'undici'
import { oauthPlugin } from '../lib/index.js'
import type { OAuthPluginOptions } from '../lib/index.js'
import { createFakeProvider, loginAs } from '../lib/testing/index.js'
import type { FakeProvider, FakeProviderSettings } from '../lib/testing/index.js'
import { blocksOf } from './fixtures/guide-code.js'
import { projectRoot } from './fixtures/project.js'

const long = 'at least thirty-two characters of a secret'
const client = { clientId: 'id', clientSecret: 'secret' }
const names = { X_KEY: 'id', X_SECRET: 'secret', DISCORD_ID: 'id', DISCORD_SECRET: 'secret', GOOGLE_ID: 'id', GOOGLE_SECRET: 'secret', GITHUB_ID: 'id', GITHUB_SECRET: 'secret', AUTH0_ID: 'id', AUTH0_SECRET: 'secret' }
const page = { accept: 'text/html' }

type Build = (given: object) => Promise<FastifyInstance>

// Its imports are replaced by what is given, and it does not listen.
async function run (t: Test, guide: string, dispatcher: Dispatcher, more: object = {}): Promise<FastifyInstance> {
  const markdown = readFileSync(join(projectRoot, 'docs/guides', guide), 'utf8')
  const code = blocksOf(markdown).find(({ language, code }) => language === 'js' && code.includes('.register(oauthPlugin'))?.code ?? ''
  const body = code.replace(/^import .*$/gm, '').replace(/^await app\.listen.*$/m, 'return app')
  const reached = async (app: FastifyInstance, options: OAuthPluginOptions) => oauthPlugin(app, { ...options, dispatcher })
  const given = {
    Fastify: (options: FastifyServerOptions) => Fastify({ ...options, logger: false }),
    cookie,
    session,
    process: { env: { ...names, SESSION_SECRET: long, OAUTH_SECRET: long } },
    oauthPlugin: Object.assign(reached, { [Symbol.for('skip-override')]: true }),
    formbody: Object.assign(async (app: FastifyInstance) => {
      app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) => { done(null, Object.fromEntries(new URLSearchParams(String(text)))) })
    }, { [Symbol.for('skip-override')]: true }),
    ...more
  }
  const build = runInThisContext(`(async ({ ${Object.keys(given).join(', ')} }) => {${body}})`) as Build
  const app = await build(given)
  t.teardown(() => app.close())
  return app
}

function fake (t: Test, settings: FakeProviderSettings) {
  const provider = createFakeProvider({ clients: [client], ...settings })
  t.teardown(() => provider.close())
  return provider
}

// Its dispatcher, where addresses lead to other paths of its own.
function leading ({ dispatcher, url }: FakeProvider, ...ways: Array<[string, string]>): Dispatcher {
  const known = new Map(ways)
  return dispatcher.compose(dispatch => (options, handler) => {
    const path = known.get(`${options.origin}${options.path}`)
    return dispatch(path === undefined ? options : { ...options, origin: url, path }, handler)
  })
}

t.test('Flask-OAuth\'s, at X by OAuth 1.0a', async (t) => {
  const x = fake(t, {
    protocol: 'oauth1',
    origin: 'https://api.x.com',
    users: [{ sub: '7' }],
    quirks: { paths: { temporary: '/oauth/request_token', authorize: '/oauth/authenticate', token: '/oauth/access_token', api: '/2' }, identityIn: 'user_id' },
    api: { '/users/7/tweets': { answer: { data: ['one'] } } }
  })
  const app = await run(t, 'from-flask-oauth.md', x.dispatcher)

  t.match(await app.inject({ url: '/', headers: page }), { statusCode: 303, headers: { location: /^https:\/\/api\.x\.com\/oauth\/authenticate/ } })
  const user = await loginAs(app, '7', { provider: 'twitter', start: '/' })
  t.equal(user.location, '/')
  t.match(await app.inject({ url: '/', ...user }), { statusCode: 200, body: '{"posts":["one"]}' })
  await app.inject({ method: 'POST', url: '/posts', headers: { ...user.headers, 'content-type': 'application/x-www-form-urlencoded' }, payload: 'text=two' })
  t.match(x.requests.at(-1), { method: 'POST', path: '/2/tweets', body: '{"text":"two"}' })
  t.match((await loginAs(app, '7', { provider: 'twitter', deny: true })).response, { statusCode: 403, body: 'You said no.' })
})

t.test('@fastify/oauth2\'s, at Discord', async (t) => {
  const discord = fake(t, {
    protocol: 'oauth2',
    origin: 'https://discord.com',
    users: [{ sub: '7', id: '7' }],
    quirks: { paths: { authorize: '/oauth2/authorize', token: '/api/oauth2/token', revocation: '/api/oauth2/token/revoke' }, clientAuth: 'client_secret_post' },
    api: { '/users/@me/guilds': { scope: ['guilds'], answer: ['one'] } }
  })
  const app = await run(t, 'from-fastify-oauth2.md', leading(discord, ['https://discord.com/api/users/@me', '/userinfo']))
  const user = await loginAs(app, '7', { provider: 'discord' })

  t.equal(user.location, '/guilds')
  t.match(await app.inject({ url: '/guilds', ...user }), { statusCode: 200, body: '["one"]' })
  t.match(discord.requests.find(({ endpoint }) => endpoint === 'authorize'), { params: { redirect_uri: 'https://app.example.com/login/discord/callback', prompt: 'consent', scope: 'identify guilds' } })
})

t.test('Passport\'s, at Google', async (t) => {
  const google = fake(t, { origin: 'https://accounts.google.com', users: [{ sub: '7', name: 'Ada', email: 'ada@example.com', email_verified: true }] })
  const table: Array<{ id: string }> = []
  const users = {
    findOrCreate: async (account: object, known: object) => table[table.push({ id: 'u1', ...account, ...known }) - 1],
    find: async (id: string) => table.find(user => user.id === id)
  }
  const app = await run(t, 'from-passport.md', google.dispatcher, { users })
  const user = await loginAs(app, '7', { provider: 'google', start: '/account' })

  t.strictSame(table, [{ id: 'u1', provider: 'google', subject: '7', name: 'Ada', email: 'ada@example.com' }])
  t.equal(user.location, '/account')
  t.match(await app.inject({ url: '/account', ...user }), { statusCode: 200, body: '{"hello":"Ada"}' })
  t.match((await loginAs(app, '7', { provider: 'google', deny: true })).location, '/')
})

t.test('Grant\'s, at GitHub', async (t) => {
  const github = fake(t, {
    protocol: 'oauth2',
    origin: 'https://github.com',
    users: [{ sub: '7', id: 7 }],
    quirks: { paths: { authorize: '/login/oauth/authorize', token: '/login/oauth/access_token' } },
    api: { '/user/repos': { scope: ['repo'], answer: ['one'] } }
  })
  const app = await run(t, 'from-grant.md', leading(github, ['https://api.github.com/user', '/userinfo'], ['https://api.github.com/user/repos', '/api/user/repos']))
  const signedIn = await loginAs(app, '7', { provider: 'github' })

  const asked = await app.inject({ url: '/repos', cookies: signedIn.cookies, headers: { ...page, 'x-forwarded-proto': 'https' } })
  t.match(asked, { statusCode: 303, headers: { location: /scope=.*repo/ } })
  const user = await loginAs(app, '7', { provider: 'github', start: '/repos', cookies: signedIn.cookies })
  t.equal(user.location, '/repos')
  t.match(await app.inject({ url: '/repos', ...user }), { statusCode: 200, body: '["one"]' })
  t.match(github.requests.find(({ endpoint }) => endpoint === 'authorize'), { params: { redirect_uri: 'https://app.example.com/connect/github/callback', allow_signup: 'false' } })
})
