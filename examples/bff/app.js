// The back end of a single-page app: it logs in, keeps the tokens, and forwards /api/* to the API with the token of the user.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import cookie from '@fastify/cookie'
import proxy from '@fastify/http-proxy'
import session from '@fastify/session'
import Fastify from 'fastify'
import oauthPlugin from 'fastify-oauth'
import { findFreePort, portAbove } from '../demo/app/ports.js'
import { createDemoProvider } from '../demo/app/providers.js'
import { startProvider } from '../demo/provider.js'

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const files = { '/': ['index.html', 'text/html'], '/page.js': ['page.js', 'text/javascript'], '/style.css': ['style.css', 'text/css'] }

/**
 * Starts the app, and beside it a provider with the API, on localhost. Port 0 takes a free one.
 * @param {{ port?: number, providerPort?: number, accessTokenSeconds?: number }} [options]
 * @returns {Promise<{ url: string, providerUrl: string, close: () => Promise<void> }>}
 */
export async function startBff ({ port = 3000, providerPort = portAbove(port), accessTokenSeconds = 60 } = {}) {
  const appPort = await findFreePort(port, { owner: 'the app', variable: 'PORT' })
  const url = `http://localhost:${appPort}`
  const client = { clientId: 'bff', clientSecret: createSecret() }
  const provider = await startProvider({
    ...client,
    port: await findFreePort(providerPort, { owner: "the app's OpenID provider", variable: 'PROVIDER_PORT' }),
    redirectUris: [`${url}/oauth/notes/callback`],
    accessTokenSeconds
  })
  const app = await createApp({ url, options: createDemoProvider({ ...provider, ...client }), upstream: provider.issuer })
  await app.listen({ port: appPort, host: 'localhost' })
  return {
    url,
    providerUrl: provider.issuer,
    async close () {
      await app.close()
      await provider.close()
    }
  }
}

async function createApp ({ url, options, upstream }) {
  const app = Fastify({ forceCloseConnections: true })
  await app.register(cookie)
  // Cookies do not tell ports apart: another example on this machine keeps its own.
  await app.register(session, { secret: createSecret(), cookieName: `bff_session_${new URL(url).port}`, cookie: { secure: 'auto', sameSite: 'lax' }, saveUninitialized: false })
  await app.register(oauthPlugin, { baseUrl: url, secret: createSecret(), providers: { notes: options } })

  const scope = ['notes:read', 'notes:write']
  await app.register(proxy, {
    prefix: '/api',
    upstream: `${upstream}/api`,
    config: { oauth: { provider: 'notes', scope, inject: { request: true } } }
  })

  app.get('/me', { config: { oauth: 'notes' } }, async ({ oauth }) => {
    const { name } = await oauth.profile()
    return { name, version: oauth.grant?.version }
  })
  for (const [path, [file, type]] of Object.entries(files)) {
    app.get(path, async (request, reply) => reply
      .headers({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' })
      .type(`${type}; charset=utf-8`)
      .send(await readFile(new URL(file, import.meta.url), 'utf8')))
  }
  return app
}

function createSecret () {
  return randomBytes(32).toString('base64url')
}
