import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { OAuthAuthorizedState, OAuthDeniedState, OAuthErrorState, OAuthPluginOptions } from '../../lib/index.js'
import { read, setUp } from '../fixtures/login.js'
import type { LoginSetup } from '../fixtures/login.js'

type Hooks = Pick<OAuthPluginOptions, 'onAuthorized' | 'onDenied' | 'onError'>

const query = 'error=access_denied&error_description=The+user+said+no&error_reason=user_denied&error_uri=https%3A%2F%2Fhelp.example%2F'

function withHooks (hooks: Hooks) {
  return { plugin: () => hooks }
}

/** Ends a login well, by a refusal, or by a fault. */
async function end ({ wire, browser, start, url }: LoginSetup, how: 'well' | 'denied' | 'broken') {
  if (how === 'broken') wire.on('/token', () => ({ status: 400, body: { error: 'invalid_client' } }))
  const login = await start('/oauth/wire?returnTo=/after')
  const state = new URL(login).searchParams.get('state')
  return read(await browser.request(how === 'denied' ? `${url}/oauth/wire/callback?${query}&state=${state}` : wire.callbackFor(login)))
}

t.test('onAuthorized gets the grant, where the login will end, and request.oauth bound to it', async (t) => {
  let state: OAuthAuthorizedState | undefined
  let profile
  const setup = await setUp(t, withHooks({
    async onAuthorized (given) {
      state = given
      profile = await given.request.oauth.profile()
    }
  }))
  const { status, location } = await end(setup, 'well')
  t.equal(status, 303)
  t.equal(location, '/after', 'a hook that does not reply leaves the redirect to the plugin')
  t.equal(state?.provider, 'wire')
  t.equal(state?.returnTo, '/after')
  t.equal(state?.grant.account, 'user-1')
  t.equal(state?.grant, state?.request.oauth.grant)
  t.match(profile, { id: 'user-1', name: 'First User' })
})

t.test('onDenied gets what the provider said', async (t) => {
  let state: OAuthDeniedState | undefined
  const setup = await setUp(t, withHooks({ onDenied (given) { state = given } }))
  const { status, text } = await end(setup, 'denied')
  t.equal(status, 403, 'a hook that does not reply leaves the error to the plugin')
  t.match(text, 'FST_OAUTH_ACCESS_DENIED')
  const { request, reply, ...said } = state as OAuthDeniedState
  t.strictSame(said, {
    provider: 'wire', error: 'access_denied', errorDescription: 'The user said no', errorReason: 'user_denied', errorUri: 'https://help.example/', returnTo: '/after'
  })
})

t.test('onDenied gets undefined for what the provider left out', async (t) => {
  let state: OAuthDeniedState | undefined
  const { start, browser, url } = await setUp(t, withHooks({ onDenied (given) { state = given } }))
  const login = new URL(await start()).searchParams.get('state')
  await browser.request(`${url}/oauth/wire/callback?error=access_denied&state=${login}`)
  t.match(state, { error: 'access_denied', errorDescription: undefined, errorReason: undefined, errorUri: undefined, returnTo: '/' })
})

t.test('without onDenied: 403, a plain page, a way to try again, and a line in the log that is no alarm', async (t) => {
  const setup = await setUp(t)
  const { status, text } = await end(setup, 'denied')
  t.equal(status, 403)
  t.match(text, 'You did not allow access')
  t.match(text, 'href="/oauth/wire?returnTo=%2Fafter"')
  t.notMatch(text, 'said no', 'what the provider said is not repeated')
  const line = setup.logs.map(one => JSON.parse(one)).find(({ err }) => err?.code === 'FST_OAUTH_ACCESS_DENIED')
  t.match(line, { level: 30, provider: 'wire' })
  t.equal(setup.wire.to('/token').length, 0)
})

t.test('an error of the provider that is no refusal is a failure, not a denial', async (t) => {
  let denied = 0
  let error: OAuthErrorState['error'] | undefined
  const { url, browser, start } = await setUp(t, withHooks({ onDenied () { denied++ }, onError (state) { error = state.error } }))
  const state = new URL(await start()).searchParams.get('state')
  const { status } = await read(await browser.request(`${url}/oauth/wire/callback?error=server_error&state=${state}`))
  t.equal(status, 502)
  t.equal(error?.code, 'FST_OAUTH_AUTHORIZATION_FAILED')
  t.equal(denied, 0)
})

t.test('onError gets the error; the log has it as a warning, or as an error where it is not the user\'s', async (t) => {
  let state: OAuthErrorState | undefined
  const setup = await setUp(t, withHooks({ onError (given) { state = given } }))
  const { status } = await end(setup, 'broken')
  t.equal(status, 502)
  t.equal(state?.error.code, 'FST_OAUTH_TOKEN_REFUSED')
  t.equal(state?.provider, 'wire')
  t.match(setup.logs.map(one => JSON.parse(one)).find(({ err }) => err?.code === 'FST_OAUTH_TOKEN_REFUSED'), { level: 50 })

  const { json } = await read(await fetch(`${setup.url}/oauth/nobody`))
  t.equal(json.code, 'FST_OAUTH_UNKNOWN_PROVIDER')
  t.match(setup.logs.map(one => JSON.parse(one)).find(({ err }) => err?.code === 'FST_OAUTH_UNKNOWN_PROVIDER'), { level: 40, provider: 'nobody' })
  t.equal(state?.provider, 'nobody')
})

for (const [name, how] of [['onAuthorized', 'well'], ['onDenied', 'denied'], ['onError', 'broken']] as const) {
  t.test(`${name} may reply instead`, async (t) => {
    const replies: Record<string, OAuthPluginOptions['onError']> = {
      'and return the reply': ({ reply }) => reply.code(299).send({ from: 'hook' }),
      'and return nothing': ({ reply }) => { reply.code(299).send({ from: 'hook' }) },
      'asynchronously, and return the reply': async ({ reply }) => {
        await delay(5)
        return reply.code(299).send({ from: 'hook' })
      },
      'asynchronously, and return nothing': async ({ reply }) => {
        await delay(5)
        reply.code(299).send({ from: 'hook' })
      },
      'with nothing but a status': ({ reply }) => { reply.code(299).send() },
      'past Fastify': ({ reply }) => {
        reply.hijack()
        reply.raw.writeHead(299).end()
      }
    }
    for (const [way, hook] of Object.entries(replies)) {
      await t.test(way, async (t) => {
        const setup = await setUp(t, withHooks({ [name]: hook }))
        const { status, location } = await end(setup, how)
        t.equal(status, 299)
        t.equal(location, null)
        t.notMatch(setup.logs.join(''), /already sent|ERR_HTTP_HEADERS_SENT/)
      })
    }
  })

  t.test(`${name} may reply while an onSend hook takes its time`, async (t) => {
    const setup = await setUp(t, { ...withHooks({ [name]: ({ reply }: OAuthErrorState) => { reply.code(299).send('from hook') } }), routes (app) { app.addHook('onSend', async () => { await delay(20) }) } })
    t.equal((await end(setup, how)).status, 299)
    t.notMatch(setup.logs.join(''), /already sent|ERR_HTTP_HEADERS_SENT/)
  })

  t.test(`${name} that throws goes to the application's error handler`, async (t) => {
    for (const hook of [() => { throw new Error('of the hook') }, async () => { throw new Error('of the hook') }]) {
      const setup = await setUp(t, {
        async session (app) {
          app.setErrorHandler((error, _request, reply) => reply.code(500).send({ handled: (error as Error).message }))
        },
        plugin: () => ({ [name]: hook, session: { secret: 'a secret for the sessions of a test' } })
      })
      const { status, json } = await end(setup, how)
      t.equal(status, 500)
      t.strictSame(json, { handled: 'of the hook' })
    }
  })
}

t.test('what a hook throws is an error, whatever it is', async (t) => {
  for (const thrown of ['a text', { statusCode: 403 }, undefined, 0]) {
    const setup = await setUp(t, withHooks({ onAuthorized () { throw thrown } }))
    const { status, text } = await end(setup, 'well')
    t.equal(status, 500, String(thrown))
    t.notMatch(text, 'a text')
  }
})

t.test('an error of this plugin in onAuthorized fails the login as its own errors do', async (t) => {
  const setup = await setUp(t, withHooks({ onAuthorized: ({ request }) => request.oauth.get('https://elsewhere.example/') }))
  const { status, text } = await end(setup, 'well')
  t.equal(status, 500)
  t.match(text, 'FST_OAUTH_ORIGIN_NOT_ALLOWED')
})
