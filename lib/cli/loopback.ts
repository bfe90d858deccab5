// An application on loopback that lives for one login (RFC 8252 sections 7.3 and 8.3). It is an application of its own, which is why
// this file imports fastify, as users' applications do.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type {} from '../../types/fastify.js'
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthPluginOptions } from '../../types/options.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { OAuthProfile } from '../../types/profile.js'
import { errorCodes, oauthError, quote } from '../errors.js'
import { isLoopback } from '../options.js'
import { CommandFailure, UsageError } from './surroundings.js'

/** A login that came through. */
export interface LoopbackLogin {
  grant: OAuthGrant
  protocol: string
  /** Undefined where the provider tells nothing of its users. */
  profile: OAuthProfile | undefined
  /** Scopes that were asked for. */
  asked: readonly string[]
}

export interface Loopback {
  /** Where the login starts. */
  url: string
  callbackUrl: string
  /** Throws what the login came to. */
  login: Promise<LoopbackLogin>
  close (): Promise<void>
}

/** Where to listen, and under which address a browser comes. */
export interface LoopbackAddress { port: number, callbackUrl: URL | undefined }

/** The options of the plugin, as somebody has written them, for one provider. */
export interface LoopbackOptions extends LoopbackAddress {
  name: string
  options: OAuthPluginOptions
  /** Milliseconds. */
  loginTimeout: number
  /** Told of what was refused without ending the login. */
  note: (text: string) => void
  load?: () => Promise<typeof import('fastify')>
}

const page = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Logged in</title><p>You are logged in. This window can be closed.</p></html>'

/** Throws UsageError where the callback URL is not of loopback, or of another port. */
export function loopbackAddress ({ port, callbackUrl }: LoopbackAddress): LoopbackAddress {
  if (callbackUrl === undefined) return { port, callbackUrl }
  if (!isLoopback(callbackUrl) || callbackUrl.protocol !== 'http:') throw new UsageError(`the callback URL ${callbackUrl.href} is not http on loopback: give one that is with --callback-url`)
  const own = Number(callbackUrl.port || 80)
  if (port !== 0 && port !== own) throw new UsageError(`--port is ${port}, and the callback URL has ${own}`)
  return { port: own, callbackUrl }
}

/** Throws CommandFailure where Fastify is missing or the port is taken, and the errors of the plugin. */
export async function openLoopback (given: LoopbackOptions): Promise<Loopback> {
  const { name, port, callbackUrl, load = () => import('fastify') } = given
  const { default: Fastify } = await load().catch(error => { throw error.code === 'ERR_MODULE_NOT_FOUND' ? new CommandFailure('fastify is not installed here, and a login needs it: npm install fastify') : error })
  const { oauthPlugin } = await import('../plugin.js')
  const server = await listen(port)
  const baseUrl = callbackUrl?.origin ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { login, hooks } = waitForLogin(given)
  const app = Fastify({ serverFactory: handler => server.on('request', handler) }) as unknown as FastifyInstance
  const close = async () => {
    server.close()
    server.closeAllConnections()
    await app.close()
  }
  try {
    await app.register(oauthPlugin, { ...given.options, ...hooks, ...settings(given), baseUrl })
    await app.ready()
  } catch (error) {
    await close()
    throw error
  }
  const { prefix } = app.oauth.settings
  return { url: `${baseUrl}${prefix}/${name}`, callbackUrl: callbackUrl?.href ?? `${baseUrl}${prefix}/${name}/callback`, login, close }
}

// Secrets that last as long as the login.
function settings ({ name, options, callbackUrl, loginTimeout }: LoopbackOptions): Pick<OAuthPluginOptions, 'providers' | 'secret' | 'session' | 'loginTimeout'> {
  const [secret, session] = [randomBytes(32), randomBytes(32)]
  const { callbackUrl: own, ...provider } = options.providers?.[name] as OAuthProviderOptions
  return { loginTimeout, secret, session: { secret: session.toString('base64') }, providers: { [name]: callbackUrl === undefined ? provider : { ...provider, callbackUrl: callbackUrl.href } } }
}

async function listen (port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new CommandFailure(`127.0.0.1:${port} cannot be listened on (${error.code}): choose another port`)))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

type Hooks = Required<Pick<OAuthPluginOptions, 'onAuthorized' | 'onDenied' | 'onError'>>

function waitForLogin ({ note }: Pick<LoopbackOptions, 'note'>): { login: Promise<LoopbackLogin>, hooks: Hooks } {
  const ends: Array<{ resolve: (login: LoopbackLogin) => void, reject: (error: unknown) => void }> = []
  const login = new Promise<LoopbackLogin>((resolve, reject) => ends.push({ resolve, reject }))
  const [{ resolve, reject }] = ends as [typeof ends[number]]
  // The page must have arrived before the connections are closed.
  const after = (reply: FastifyReply, end: () => void) => reply.raw.once('close', end)
  return {
    login,
    hooks: {
      async onAuthorized ({ request, reply, provider, grant }) {
        const { protocol, scope } = request.server.oauth.providers.get(provider)
        const profile = await request.oauth.profile().catch(error => error)
        if (profile instanceof errorCodes.FST_OAUTH_PROFILE_UNAVAILABLE || !(profile instanceof Error)) after(reply, () => resolve({ grant, protocol: protocol as string, asked: scope, profile: profile instanceof Error ? undefined : profile }))
        else after(reply, () => reject(profile))
        return reply.type('text/html; charset=utf-8').header('content-security-policy', 'default-src \'none\'').send(page)
      },
      onDenied ({ reply, provider, error, errorDescription }) {
        after(reply, () => reject(oauthError('FST_OAUTH_ACCESS_DENIED', [provider, quote(errorDescription ?? error)])))
      },
      onError ({ reply, error }) {
        // Somebody else's callback, or one that came twice, is of no login: this one goes on.
        if ('returnTo' in error || Number(error.statusCode) >= 500) after(reply, () => reject(error))
        else note(`${error.code}: ${error.message}`)
      }
    }
  }
}
