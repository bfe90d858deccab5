// The app of the demo: a session, the plugin, the page and its calls. Alone, or as one of several processes over a Redis.
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import oauthPlugin from 'fastify-oauth'
import { createActivity } from './app/activity.js'
import { registerAssets } from './app/assets.js'
import { registerCalls } from './app/calls.js'
import { registerDocs } from './app/docs.js'
import { leaveNotice, registerHome } from './app/home.js'
import { createLog } from './app/log.js'
import { createDemoProvider, readKnownProviders } from './app/providers.js'
import { protect } from './app/security.js'
import { joinProcesses } from './app/shared.js'
import { toProfile } from './oauth1-provider.js'

/**
 * @param {{ url: string, provider: any, photos: any, secrets: { session: string, plugin: string }, env: NodeJS.ProcessEnv,
 *   quiet: boolean, shared?: { redisUrl: string, prefix: string, number: number, processes: number } }} options
 */
export async function createApp ({ url, provider, photos, secrets, env, quiet, shared }) {
  const known = readKnownProviders(env, url)
  const own = { demo: createDemoProvider(provider), photos: { title: 'Photo ID', ...photos, profile: toProfile } }
  const endpoints = [...Object.values(own), ...known.endpoints]

  const app = Fastify({ logger: createLog({ quiet }), forceCloseConnections: true })
  const joined = shared === undefined ? undefined : joinProcesses(app, shared)
  const activity = joined?.activity ?? createActivity()
  // One process tells, for all of them.
  if (shared === undefined || shared.number === 1) for (const sentence of known.incomplete) app.log.warn(sentence)
  protect(app, { url, endpoints })
  acceptForms(app)

  await app.register(cookie)
  await app.register(session, {
    secret: secrets.session,
    // Cookies do not tell ports apart: another demo on this machine keeps its own.
    cookieName: `demo_session_${new URL(url).port}`,
    cookie: { secure: 'auto', sameSite: 'lax' },
    saveUninitialized: false,
    ...joined?.session
  })
  await app.register(oauthPlugin, {
    baseUrl: url,
    secret: secrets.plugin,
    signIn: { title: 'Sign in to the demo' },
    providers: { ...own, ...known.options },
    onAuthorized: keepOneAccount,
    onDenied ({ request, reply }) {
      leaveNotice(request, 'denied')
      return reply.redirect('/', 303)
    },
    ...joined?.plugin
  })

  await registerDocs(app, { endpoints })
  await registerAssets(app)
  const apis = registerCalls(app, { activity, others: Object.keys(known.options) })
  registerHome(app, { apis, activity })
  return app
}

// The plugin keeps several accounts at one provider; this page shows one, so that the last one to sign in replaces others.
async function keepOneAccount ({ request, grant }) {
  for (const { provider, account } of await request.oauth.grants()) {
    if (provider === grant.provider && account !== grant.account) await request.oauth.use(provider, { account }).revoke()
  }
}

// What a browser sends for a form where the page's script does not run.
function acceptForms (app) {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body)))
  })
}
