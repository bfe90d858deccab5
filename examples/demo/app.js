// The demo: a Fastify app that logs in at two providers with fastify-oauth and calls their APIs, and these beside it.
import { randomBytes } from 'node:crypto'
import { findFreePort, portAbove } from './app/ports.js'
import { createApp } from './create-app.js'
import { startOAuth1Provider } from './oauth1-provider.js'
import { startProcesses } from './processes.js'
import { startProvider } from './provider.js'

/**
 * Starts all on localhost; port 0 takes a free one. `env` holds the credentials of further providers. More than one process
 * share their grants and sessions in the Redis at `redisUrl`.
 * @param {{ port?: number, providerPort?: number, accessTokenSeconds?: number, env?: NodeJS.ProcessEnv, quiet?: boolean,
 *   processes?: number, redisUrl?: string }} [options]
 * @returns {Promise<{ url: string, providerUrl: string, close: () => Promise<void> }>}
 */
export async function startDemo ({ port = 3000, providerPort = portAbove(port), accessTokenSeconds = 60, env = process.env, quiet = false, processes = 1, redisUrl = '' } = {}) {
  const appPort = await findFreePort(port, { owner: 'the app', variable: 'PORT' })
  const url = `http://localhost:${appPort}`
  const provider = await startDemoProvider({ url, providerPort, accessTokenSeconds })
  const photos = await startOAuth1Provider({ clientId: 'demo-app', clientSecret: createSecret(), callbackUrl: `${url}/oauth/photos/callback` })
  const { issuer, apiBaseUrl, clientId, clientSecret, postLogoutRedirectUrl } = provider
  const options = {
    url,
    provider: { issuer, apiBaseUrl, clientId, clientSecret, postLogoutRedirectUrl },
    photos: photos.options,
    secrets: { session: createSecret(), plugin: createSecret() },
    env,
    quiet
  }
  try {
    const app = processes === 1
      ? await startAlone(options, appPort)
      : await startProcesses({ count: processes, port: appPort, redisUrl, options })
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

async function startAlone (options, port) {
  const app = await createApp(options)
  await app.listen({ port, host: 'localhost' })
  return app
}

async function startDemoProvider ({ url, providerPort, accessTokenSeconds }) {
  const port = await findFreePort(providerPort, { owner: "the demo's OpenID provider", variable: 'PROVIDER_PORT' })
  const client = { clientId: 'demo-app', clientSecret: createSecret() }
  const provider = await startProvider({ ...client, port, accessTokenSeconds, redirectUris: [`${url}/oauth/demo/callback`] })
  return { ...provider, ...client }
}

function createSecret () {
  return randomBytes(32).toString('base64url')
}
