// A real OpenID provider (the oidc-provider package) for the demo to log in at, with a small API that its tokens open.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createConfiguration } from './provider/configuration.js'
import { createInteractions } from './provider/interactions.js'
import { loadProviderClass } from './provider/load.js'
import { createNotesApi } from './provider/notes-api.js'
import { serveStyle } from './provider/pages.js'
import { createUsers } from './provider/users.js'

/**
 * Starts the provider on http://localhost:PORT. Port 0 takes a free one.
 * Answers `{ issuer, apiBaseUrl, port, users, postLogoutRedirectUrl, close() }`.
 */
export async function startProvider ({ port, clientId, clientSecret, redirectUris, accessTokenSeconds = 60 }) {
  const Provider = await loadProviderClass()
  const server = createServer()
  const foundPort = await listen(server, port)
  const issuer = `http://localhost:${foundPort}`

  const users = createUsers({ issuer })
  const configuration = await createConfiguration({ users, clientId, clientSecret, redirectUris, accessTokenSeconds })
  const provider = new Provider(issuer, configuration)
  provider.use(serveStyle)
  provider.use(users.serveAvatar)
  provider.use(createInteractions({ provider, users, formTargets: redirectUris }))
  provider.use(createNotesApi({ provider }))
  provider.on('server_error', (ctx, error) => console.error('The demo\'s provider failed:', error))
  server.on('request', provider.callback())

  return {
    issuer,
    apiBaseUrl: `${issuer}/api/`,
    port: foundPort,
    postLogoutRedirectUrl: configuration.clients?.[0]?.post_logout_redirect_uris?.[0],
    users: users.list.map(({ id, name, email }) => ({ id, name, email })),
    close: () => close(server)
  }
}

async function listen (server, port) {
  server.listen({ port, host: '127.0.0.1' })
  try {
    await once(server, 'listening')
  } catch (cause) {
    const reason = cause.code === 'EADDRINUSE' ? 'another program is already using it' : cause.message
    throw new Error(`The demo's OpenID provider cannot listen on port ${port}: ${reason}.`, { cause })
  }
  return Object(server.address()).port
}

async function close (server) {
  const closed = once(server, 'close')
  server.close()
  // Browsers and connection pools keep idle connections open, which would hold the process for seconds.
  server.closeAllConnections()
  await closed
}
