// Logs a user in through the application's real routes: app.inject on its side, the provider's pages on the other.
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { OAuthSettings } from '../../types/fastify.js'
import type { FakeUser, LoginAsOptions, LoginAsResult } from '../../types/testing.js'
import { oauthError } from '../errors.js'
import { CookieJar } from './cookie-jar.js'
import { visitProvider } from './user-agent.js'
import type { Callback } from './user-agent.js'

/**
 * Logs a user in at a fake provider; answers the cookies. The provider is found at the address that the application sends
 * the browser to, over the application's own dispatcher. Throws FST_OAUTH_UNKNOWN_PROVIDER, and
 * FST_OAUTH_TESTING_LOGIN_FAILED, with the application's answer as `response`, where it refused the login.
 */
export async function loginAs (app: FastifyInstance, user: string | FakeUser, options: LoginAsOptions): Promise<LoginAsResult> {
  const result = await driveLogin(app, user, options)
  const { statusCode, headers, body } = result.response
  if (statusCode >= 400 && options.deny !== true) {
    const response = { statusCode, headers: headers as Record<string, string | string[] | undefined>, body }
    throw oauthError('FST_OAUTH_TESTING_LOGIN_FAILED', [options.provider, `the application answered with status ${statusCode} ${codeIn(body)}`], undefined, { response })
  }
  return result
}

/** The same, whatever the application answers in the end. */
export async function driveLogin (app: FastifyInstance, user: string | FakeUser, options: LoginAsOptions): Promise<LoginAsResult> {
  await app.ready()
  if (!app.hasDecorator('oauth')) throw oauthError('FST_OAUTH_TESTING_LOGIN_FAILED', [options.provider, 'fastify-oauth is not registered on this instance'])
  const { settings } = app.oauth
  app.oauth.providers.get(options.provider)
  const browser = new AppBrowser(app, settings, new CookieJar(options.cookies))
  const started = await browser.open({ method: 'GET', url: startOf(settings, options) })
  const { location } = started.headers
  if (typeof location !== 'string') return browser.result(started)
  const answers = { user: typeof user === 'string' ? user : user.sub, deny: options.deny ?? false, scope: options.scope }
  const callback = await visitProvider(location, settings.dispatcher, answers).catch((error: Error) => {
    throw oauthError('FST_OAUTH_TESTING_LOGIN_FAILED', [options.provider, error.message], error)
  })
  return browser.result(await browser.comeBack(callback))
}

function startOf ({ prefix }: OAuthSettings, { provider, start, returnTo }: LoginAsOptions): string {
  if (start !== undefined) return start
  return `${prefix}/${provider}${returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`}`
}

// A browser at the application, under its public address where it has one.
class AppBrowser {
  readonly #app: FastifyInstance
  readonly #base: URL | undefined
  readonly #jar: CookieJar

  constructor (app: FastifyInstance, { baseUrl }: OAuthSettings, jar: CookieJar) {
    this.#app = app
    this.#base = baseUrl === undefined ? undefined : new URL(baseUrl)
    this.#jar = jar
  }

  async open ({ headers, ...request }: InjectOptions): Promise<LightMyRequestResponse> {
    const response = await this.#app.inject({ ...request, headers: { accept: 'text/html', ...this.#address(), cookie: this.#jar.toHeader(), ...headers } })
    this.#jar.store(response.headers['set-cookie'])
    return response
  }

  /** The callback, and the redirect by which the plugin turns a cross-site POST into a request of the site's own. */
  async comeBack ({ method, url, form }: Callback): Promise<LightMyRequestResponse> {
    const host = { host: url.host }
    const path = this.#path(url)
    if (form === undefined) return this.open({ method, url: path, headers: host })
    const response = await this.open({ method, url: path, headers: { ...host, 'content-type': 'application/x-www-form-urlencoded' }, payload: form.toString() })
    const next = new URL(String(response.headers.location ?? '/'), url)
    return next.pathname === url.pathname ? this.open({ method: 'GET', url: this.#path(next), headers: host }) : response
  }

  result (response: LightMyRequestResponse): LoginAsResult {
    const { location } = response.headers
    return { cookies: this.#jar.toObject(), headers: { cookie: this.#jar.toHeader() }, response, location: typeof location === 'string' ? location : undefined }
  }

  #address (): Record<string, string> {
    return this.#base === undefined ? {} : { host: this.#base.host, 'x-forwarded-proto': this.#base.protocol.slice(0, -1) }
  }

  // A proxy takes the path of the public address off.
  #path ({ pathname, search }: URL): string {
    const base = this.#base?.pathname.replace(/\/$/, '') ?? ''
    return `${pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname}${search}`
  }
}

function codeIn (body: string): string {
  return /FST_[A-Z_]+/.exec(body)?.[0] ?? 'and no code'
}
