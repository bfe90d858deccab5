// Where the application is, as far as its options tell: address, prefix, routes, cookies and proxies, callback URLs.
import { entryOf } from '../catalogue/index.js'
import { isLoopback } from '../options.js'
import type { ProviderOptions } from '../options.js'
import type { CheckedOptions } from './check-options.js'
import { findings } from './finding.js'
import type { Finding } from './finding.js'

type Plugin = CheckedOptions['plugin']

interface Scene {
  env: Readonly<Record<string, string | undefined>>
  production: boolean
  /** What Fastify is created with, where that is known. */
  fastify: Record<string, unknown> | undefined
}

/** What concerns the whole application. */
export function checkSettings ({ plugin, providers, wrong }: CheckedOptions, scene: Scene): Finding[] {
  const { error, warn } = findings()
  return [
    ...(wrong.has('baseUrl') ? [] : checkBaseUrl(plugin, scene)),
    ...checkCookies(plugin, scene),
    ...(plugin.routes.callback === false ? [error('routes', 'callback is false: no login can end', 'leave it out')] : []),
    ...checkShared(plugin, providers),
    ...(scene.env.NODE_TLS_REJECT_UNAUTHORIZED === '0' ? [error('tls', 'NODE_TLS_REJECT_UNAUTHORIZED is 0: anybody can pose as a provider', 'unset it; give NODE_EXTRA_CA_CERTS the certificate of your own authority')] : []),
    ...(plugin.loginTimeout < 60_000 ? [warn('loginTimeout', `users have ${plugin.loginTimeout} ms for a login`, 'it is in milliseconds; leave it out for ten minutes')] : [])
  ]
}

function checkBaseUrl ({ baseUrl, prefix }: Plugin, { production }: Scene): Finding[] {
  const { error, warn, ok } = findings()
  if (baseUrl === undefined) {
    return [production
      ? error('baseUrl', 'is not set, and production needs it', 'set the public origin, such as https://app.example.com')
      : warn('baseUrl', 'is not set: callback URLs follow the loopback address of the request', 'set the public origin for production')]
  }
  const url = new URL(baseUrl)
  const found: Finding[] = []
  if (`${url.pathname}/`.includes(`${prefix}/`)) found.push(warn('prefix', `${prefix} is in baseUrl too, and stands in callback URLs twice`, 'take it from one of them: baseUrl is the origin, and no callback URL'))
  if (isLoopback(url)) return [...found, production ? error('baseUrl', 'is of loopback, which no browser elsewhere reaches', 'set the public origin') : ok('baseUrl', baseUrl)]
  if (url.protocol === 'https:') return [...found, ok('baseUrl', baseUrl)]
  return [...found, (production ? error : warn)('baseUrl', `${baseUrl} is plain http: codes and cookies can be read on the way, and most providers refuse it`, 'serve the application over https')]
}

function checkCookies ({ baseUrl, session }: Plugin, { fastify }: Scene): Finding[] {
  const { warn, ok } = findings()
  if (baseUrl === undefined || !baseUrl.startsWith('https:') || isLoopback(new URL(baseUrl))) return []
  const { trustProxy, https, http2 } = fastify ?? {}
  if (fastify === undefined) return session.secret === undefined ? [] : [ok('cookies', 'Secure where the request is https: behind a proxy that ends TLS Fastify needs trustProxy (export fastify from the config module to have it checked)')]
  if (https !== undefined && https !== null) return [ok('cookies', 'Secure: Fastify ends TLS itself')]
  if (trustProxy === undefined || trustProxy === false) return [warn('cookies', `baseUrl is https, and Fastify has neither https nor trustProxy${http2 === true ? ', but http2' : ''}: a Secure session cookie is not set behind a proxy`, 'set trustProxy to the addresses of the proxy')]
  if (trustProxy === true) return [warn('cookies', 'trustProxy is true: whoever reaches the application directly can choose its protocol and address', 'name the addresses of the proxy')]
  return [ok('cookies', 'Secure: the proxy is trusted')]
}

/** Of one provider: the callback URL to register, and where. */
export function checkCallback (name: string, options: ProviderOptions, { baseUrl, prefix }: Plugin): Finding[] {
  if (options.grant !== undefined || options.callbackUrl === 'oob') return []
  const { error, ok } = findings(name)
  const place = options.extends === undefined ? undefined : entryOf(options.extends)?.console
  const where = place === undefined ? 'at the provider' : `at ${[place.name, place.url].filter(part => part !== undefined).join(', ')}`
  const url = options.callbackUrl ?? `${baseUrl ?? '{baseUrl}'}${prefix}/${name}/callback`
  const found = [ok('callback', url, `register exactly this ${where}`)]
  if (options.callbackUrl === undefined || baseUrl === undefined || new URL(url).host === new URL(baseUrl).host) return found
  return [error('callback', `callbackUrl is of ${new URL(url).host} and baseUrl of ${new URL(baseUrl).host}: the cookie of the login is not sent there`, 'use one host for both'), ...found]
}

function checkShared ({ prefix }: Plugin, providers: CheckedOptions['providers']): Finding[] {
  const seen = new Map<string, string>()
  return [...providers].flatMap(([name, { callbackUrl }]) => {
    const path = callbackUrl === undefined || callbackUrl === 'oob' ? `${prefix}/${name}/callback` : new URL(callbackUrl).pathname
    const other = seen.get(path)
    seen.set(path, name)
    return other === undefined ? [] : [findings(name).error('callback', `${path} is the callback of ${other} too`, 'give each a path of its own')]
  })
}

/** Of one provider: connections that others can read. */
export function checkInsecure (name: string, { allowInsecureRequests }: ProviderOptions, production: boolean): Finding[] {
  const { error, warn } = findings(name)
  return allowInsecureRequests ? [(production ? error : warn)('tls', 'allowInsecureRequests is true: tokens and secrets can be read on the way', 'use https, also inside your own network')] : []
}
