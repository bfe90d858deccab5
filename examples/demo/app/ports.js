// Which ports the demo listens on: read from the environment, and found to be free before anything starts.
import { once } from 'node:events'
import { createServer } from 'node:net'

const highest = 65_535
const noSuchAddress = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']

/** `{ port, providerPort }` from PORT (3000 without it) and PROVIDER_PORT (one above it). Throws one sentence. */
export function readPorts (env) {
  const port = readPort('PORT', env.PORT) ?? 3000
  const providerPort = readPort('PROVIDER_PORT', env.PROVIDER_PORT) ?? portAbove(port)
  if (providerPort > highest) {
    throw new Error(`PORT is ${port}, which leaves none above it for the demo's OpenID provider: set PROVIDER_PORT too, or a lower PORT.`)
  }
  if (port === providerPort && port !== 0) throw new Error(`PORT and PROVIDER_PORT are both ${port}, and the demo needs two ports.`)
  return { port, providerPort }
}

/** Where the provider listens unless it is told. 0 takes any free port, for both. */
export function portAbove (port) {
  return port === 0 ? 0 : port + 1
}

/**
 * The port itself, once nobody listens there; a free one for port 0. Both loopback addresses are tried: `localhost`
 * means either, and a browser would find the other program. `owner` names who needs it, `variable` how to change it.
 */
export async function findFreePort (port, { owner, variable }) {
  try {
    const found = await listenBriefly(port, '127.0.0.1')
    await listenBriefly(found, '::1')
    return found
  } catch (cause) {
    const reason = cause.code === 'EADDRINUSE' ? 'is already in use by another program' : `cannot be listened on (${cause.code})`
    throw new Error(`Port ${port}, for ${owner}, ${reason}: choose another with ${variable}, as in ${variable}=4000 npm start.`, { cause })
  }
}

function readPort (name, value) {
  if (value === undefined || value.trim() === '') return undefined
  if (!/^\d{1,5}$/.test(value) || Number(value) > highest) {
    throw new Error(`${name} has to be a whole number from 0 to ${highest}, and it is ${JSON.stringify(value.slice(0, 40))}.`)
  }
  return Number(value)
}

async function listenBriefly (port, host) {
  const server = createServer()
  server.listen({ port, host })
  try {
    await once(server, 'listening')
  } catch (error) {
    // A machine without IPv6.
    if (host === '::1' && noSuchAddress.includes(error.code)) return port
    throw error
  }
  const found = Object(server.address()).port
  server.close()
  await once(server, 'close')
  return found
}
