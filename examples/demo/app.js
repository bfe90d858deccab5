// The demo: a Fastify app that logs in at two providers with fastify-oauth and calls their APIs, and these beside it.
import { randomBytes } from 'node:crypto'
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
import { findFreePort, portAbove } from './app/ports.js'
import { createDemoProvider, readKnownProviders } from './app/providers.js'
import { protect } from './app/security.js'
import { startOAuth1Provider } from './oauth1-provider.js'
import { startProvider } from './provider.js'

/**
 * Starts all on localhost; port 0 takes a free one. `env` holds the credentials of further providers.
 * @param {{ port?: number, providerPort?: number, accessTokenSeconds?: number, env?: NodeJS.ProcessEnv, quiet?: boolean }} [options]
 * @returns {Promise<{ url: string, providerUrl: string, close: () => Promise<void> }>}
 */
export async function startDemo ({ port = 3000, providerPort = portAbove(port), accessTokenSeconds = 60, env = process.env, quiet = false } = {}) {
  const appPort = await findFreePort(port, { owner: 'the app', variable: 'PORT' })
  const url = `http://localhost:${appPort}`
  const provider = await startDemoProvider({ url, providerPort, accessTokenSeconds })
  const photos = await startOAuth1Provider({ clientId: 'demo-app', clientSecret: createSecret(), callbackUrl: `${url}/oauth/photos/callback` })
  try {
    const app = await createApp({ url, provider, photos, env, quiet })
    await app.listen({ port: appPort, host: 'localhost' })
    return {
      url,
      providerUrl: provider.issuer,
      async close () {
        await app.close()
        await Promise.all([provider.close(), photos.close()])
      }
    }
  } catch (error) {
    await Promise.all([provider.close(), photos.close()])
    throw error
  }
}

async function startDemoProvider ({ url, providerPort, accessTokenSeconds }) {
  const port = await findFreePort(providerPort, { owner: "the demo's OpenID provider", variable: 'PROVIDER_PORT' })
  const client = { clientId: 'demo-app', clientSecret: createSecret() }
  const provider = await startProvider({ ...client, port, accessTokenSeconds, redirectUris: [`${url}/oauth/demo/callback`] })
  return { ...provider, ...client }
}

async function createApp ({ url, provider, photos, env, quiet }) {
  const known = readKnownProviders(env, url)
  const providers = { demo: createDemoProvider(provider), photos: photos.options, ...known.options }
  const userinfoUrls = Object.fromEntries(Object.entries(known.options).map(([name, options]) => [name, options.userinfoUrl]))
  const activity = createActivity()

  const app = Fastify({ logger: createLog({ quiet }), forceCloseConnections: true })
  for (const sentence of known.incomplete) app.log.warn(sentence)
  protect(app, { url, providers })
  acceptForms(app)

  await app.register(cookie)
  await app.register(session, {
    secret: createSecret(),
    // Cookies do not tell ports apart: another demo on this machine keeps its own.
    cookieName: `demo_session_${new URL(url).port}`,
    cookie: { secure: 'auto', sameSite: 'lax' },
    saveUninitialized: false
  })
  await app.register(oauthPlugin, {
    baseUrl: url,
    secret: createSecret(),
    providers,
    onAuthorized: keepOneAccount,
    onDenied ({ request, reply }) {
      leaveNotice(request, 'denied')
      return reply.redirect('/', 303)
    }
  })

  await registerDocs(app, { providers })
  await registerAssets(app)
  const apis = registerCalls(app, { activity, userinfoUrls })
  registerHome(app, { titles: { ...known.titles, demo: 'Demo ID', photos: 'Photo ID' }, apis, activity })
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

function createSecret () {
  return randomBytes(32).toString('base64url')
}
