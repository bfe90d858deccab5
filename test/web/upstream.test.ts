// What an API asks for when it refuses a call, and request.oauth.challenge(), which asks the user.
import type { FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { discovered, read, setUp } from '../fixtures/login.js'

const json = { accept: 'application/json' }
const scopeOf = (address: string) => new URL(address).searchParams.get('scope')?.split(' ').sort()

/** A page that calls the API, and leaves its errors to request.oauth.challenge(). */
async function setUpPage (t: Parameters<typeof setUp>[0], { quirks = {}, options = {}, provider = 'wire' }: { quirks?: NonNullable<OAuthProviderOptions['quirks']>, options?: object, provider?: string } = {}) {
  const setup = await setUp(t, {
    plugin: wire => ({ providers: { wire: { ...discovered(wire), quirks }, other: discovered(wire) } }),
    routes (app) {
      app.get('/page', { config: { oauth: 'wire' } }, async (request, reply) => {
        try {
          const { statusCode, body } = await request.oauth.use(provider).get('api', options)
          await body.dump()
          return { statusCode }
        } catch (error) {
          return request.oauth.challenge(reply, error)
        }
      })
      app.get('/other', async (request: FastifyRequest, reply: FastifyReply) => request.oauth.use('wire').challenge(reply, new Error('another')))
    }
  })
  const ask = async (headers: Record<string, string> = json) => read(await setup.browser.request(`${setup.url}/page`, { headers }))
  return { ...setup, ask }
}

t.test('a scope that the API misses is asked for, and the page resumes', async (t) => {
  const { url, wire, browser, ask } = await setUpPage(t)
  wire.on('/api', ({ headers }) => headers.authorization?.includes('narrow') ? { status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="repo"' } } : undefined)
  wire.tokens = { access_token: 'narrow', scope: 'openid' }
  await browser.request(wire.callbackFor(await browser.openUntil(`${url}/page`, `${wire.issuer}/authorize`)))

  const { status, headers, json: { authorizeUrl, ...rest } } = await ask()
  t.equal(status, 403)
  t.equal(headers.get('www-authenticate'), 'Bearer realm="wire", error="insufficient_scope", scope="repo"')
  t.match(rest, { code: 'FST_OAUTH_INSUFFICIENT_SCOPE', provider: 'wire', scope: ['repo'] })
  t.match(authorizeUrl, `${url}/oauth/wire?login=`)

  wire.tokens = { access_token: 'wide', scope: 'openid repo' }
  const page = await browser.open(`${url}/page?a=b`)
  t.strictSame([page.url, page.text], [`${url}/page?a=b`, '{"statusCode":200}'])
  t.strictSame(scopeOf(String(page.hops[1])), ['openid', 'repo'])
})

t.test('an API that is never content gets 403, not a loop', async (t) => {
  const { url, wire, browser, logIn, ask } = await setUpPage(t)
  wire.on('/api', () => ({ status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="repo"' } }))
  await logIn()
  const page = await browser.open(`${url}/page`)
  t.equal(page.status, 403)
  t.match(page.text, 'FST_OAUTH_API_INSUFFICIENT_SCOPE')
  t.equal(wire.to('/authorize').length, 1)
  const { json: body } = await ask()
  t.strictSame(body, { statusCode: 403, code: 'FST_OAUTH_API_INSUFFICIENT_SCOPE', error: 'Forbidden', message: 'The API of wire needs more scopes than were granted: repo', provider: 'wire', scope: ['repo'] })

  wire.on('/api', () => ({ status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }))
  t.match((await ask()).json, { message: /it does not say which/, scope: [] }, 'nor one that names no scope')
})

t.test('a stronger authentication (RFC 9470) is asked for, and must come', async (t) => {
  const { url, wire, browser, logIn, ask } = await setUpPage(t)
  wire.on('/api', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="gold", max_age=300' } }))
  await logIn()
  const { status, headers } = await ask()
  t.equal(status, 401)
  const known = (header: string) => { wire.on('/api', () => ({ status: 401, headers: { 'www-authenticate': header } })) }
  t.equal(headers.get('www-authenticate'), 'Bearer realm="wire", error="insufficient_user_authentication", acr_values="gold", max_age="300"')
  const page = await browser.open(`${url}/page`)
  t.equal(page.status, 403)
  t.match(page.text, 'FST_OAUTH_INSUFFICIENT_AUTHENTICATION', 'the provider did not care')
  wire.claims = { acr: 'gold', auth_time: Math.floor(Date.now() / 1_000) }
  const again = await browser.open(`${url}/page`)
  t.equal(again.status, 403)
  t.match(again.text, 'FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION', 'the API did not care')
  known('Bearer error="insufficient_user_authentication", acr_values="gold"')
  t.match((await ask()).json, { statusCode: 403, message: /: gold$/ })
  known('Bearer error="insufficient_user_authentication", max_age=300')
  t.match((await ask()).json, { statusCode: 403, message: /: max_age 300$/ })
})

t.test('a provider\'s own dialect is declared', async (t) => {
  const dialects: Array<[OAuthProviderOptions['quirks'], object, { status: number, headers?: Record<string, string>, body?: string }, boolean]> = [
    [{ insufficientScope: { status: 404 } }, {}, { status: 404 }, true],
    [{ insufficientScope: { status: 404 } }, {}, { status: 403 }, false],
    [{ insufficientScope: { status: 403, error: 'no_permission' } }, {}, { status: 403, headers: { 'www-authenticate': 'Bearer error="no_permission"' } }, true],
    [{ insufficientScope: { status: 403, error: 'no_permission' } }, {}, { status: 403, headers: { 'www-authenticate': 'Bearer error="other"' } }, false],
    [{ insufficientScope: { status: 400, bodyContains: 'missing_scope' } }, { throwOnError: true }, { status: 400, body: '{"error":"missing_scope"}' }, true],
    [{ insufficientScope: { status: 400, bodyContains: 'missing_scope' } }, {}, { status: 400, body: '{"error":"missing_scope"}' }, false],
    [{ insufficientScope: { status: 404 } }, { throwOnError: false }, { status: 404 }, false]
  ]
  for (const [quirks, options, answer, isChallenge] of dialects) {
    const { wire, logIn, ask } = await setUpPage(t, { quirks, options } as Parameters<typeof setUpPage>[1])
    await logIn()
    wire.on('/api', () => answer)
    const { json: body } = await ask()
    t.strictSame(body.code ?? body.statusCode, isChallenge ? 'FST_OAUTH_API_INSUFFICIENT_SCOPE' : answer.status, JSON.stringify([quirks, options, answer]))
  }
  const { wire, logIn, ask } = await setUpPage(t, { quirks: { insufficientScope: { status: 400, bodyContains: 'missing_scope' } }, options: { throwOnError: true } })
  await logIn()
  wire.on('/api', () => ({ status: 400, body: 'something else' }))
  t.match((await ask()).json, { code: 'FST_OAUTH_API_ERROR' })
})

const slack = { insufficientScope: { body: { pointer: '/error', value: 'missing_scope', scope: '/needed' } } }

t.test('an API that tells of it in an answer of 200: asked for, and the page resumes', async (t) => {
  const { url, wire, browser } = await setUp(t, {
    provider: () => ({ quirks: slack }),
    routes (app) {
      app.get('/page', { config: { oauth: 'wire' } }, async (request, reply) => {
        try {
          return await (await request.oauth.get('api')).body.json()
        } catch (error) {
          return request.oauth.challenge(reply, error)
        }
      })
    }
  })
  wire.on('/api', ({ headers }) => headers.authorization?.includes('narrow') ? { body: { ok: false, error: 'missing_scope', needed: 'channels:read,chat:write' } } : undefined)
  wire.tokens = { access_token: 'narrow', scope: 'openid' }
  await browser.request(wire.callbackFor(await browser.openUntil(`${url}/page`, `${wire.issuer}/authorize`)))
  const { status, json: { authorizeUrl, ...rest } } = await read(await browser.request(`${url}/page`, { headers: json }))
  t.equal(status, 403)
  t.match(rest, { code: 'FST_OAUTH_INSUFFICIENT_SCOPE', scope: ['channels:read', 'chat:write'] })
  wire.tokens = { access_token: 'wide', scope: 'openid channels:read chat:write' }
  const page = await browser.open(`${url}/page?a=b`)
  t.strictSame([page.url, page.status], [`${url}/page?a=b`, 200])
  t.strictSame(scopeOf(String(page.hops[1])), ['channels:read', 'chat:write', 'openid'])
})

t.test('what is looked for in an answer, and who looks', async (t) => {
  let how: (oauth: FastifyRequest['oauth']) => Promise<unknown> = async () => {}
  let quirks: OAuthProviderOptions['quirks'] = slack
  const setup = await setUp(t, {
    routes (app) {
      app.get('/call', async ({ oauth }) => how(oauth.use('other')).then(result => ({ result }), ({ code, challenge, response }) => ({ code, scope: challenge?.scope, body: response?.body })))
    }
  })
  const { app, url, wire, browser, logIn } = setup
  const call = async (answer: { status?: number, body: unknown, headers?: Record<string, string> }, given: typeof how) => {
    how = given
    wire.on('/api', () => answer)
    if (app.oauth.providers.has('other')) app.oauth.providers.unregister('other')
    app.oauth.providers.register('other', { ...discovered(wire), ...(quirks === undefined ? {} : { quirks }) })
    browser.cookies.clear()
    await logIn('/oauth/other')
    return (await read(await browser.request(`${url}/call`, { headers: json }))).json
  }
  const missing = { ok: false, error: 'missing_scope', needed: ['a', 'b', 'a', 'with space', 7] }
  const asJson: typeof how = async oauth => (await oauth.get('api')).body.json()
  t.strictSame(await call({ body: missing }, asJson), { code: 'FST_OAUTH_API_INSUFFICIENT_SCOPE', scope: ['a', 'b', 'with', 'space', '7'], body: JSON.stringify(missing) })
  t.match(await call({ body: missing, status: 400 }, async oauth => (await oauth.get('api', { throwOnError: true })).body.json()), { code: 'FST_OAUTH_API_INSUFFICIENT_SCOPE', scope: ['a', 'b', 'with', 'space', '7'] })
  t.match(await call({ body: 'no JSON', status: 400 }, async oauth => (await oauth.get('api', { throwOnError: true })).body.json()), { code: 'FST_OAUTH_API_ERROR' })
  t.match(await call({ body: 'no JSON' }, asJson), { body: undefined, scope: undefined }, 'what is no JSON fails as it does')
  for (const body of [{ ok: true }, { error: 'other' }, { error: { missing_scope: 1 } }, [], null, 'missing_scope']) t.strictSame(await call({ body: JSON.stringify(body) }, asJson), { result: body }, JSON.stringify(body))
  for (const given of [
    async (oauth: FastifyRequest['oauth']) => (await oauth.get('api', { throwOnError: false })).body.json(),
    async (oauth: FastifyRequest['oauth']) => JSON.parse(await (await oauth.get('api')).body.text()),
    async (oauth: FastifyRequest['oauth']) => (await oauth.fetch('api')).json(),
    async (oauth: FastifyRequest['oauth']) => {
      const chunks: Buffer[] = []
      for await (const chunk of (await oauth.get('api')).body) chunks.push(chunk)
      return JSON.parse(Buffer.concat(chunks).toString())
    }
  ]) t.strictSame(await call({ body: missing }, given), { result: missing }, 'read otherwise it is left alone')

  quirks = { insufficientScope: { status: 409, body: { pointer: '/errors/0/c~1o~0de', value: 7 } } }
  const nested = { errors: [{ 'c/o~de': 7 }] }
  t.strictSame(await call({ body: nested }, asJson), { result: nested }, 'another status')
  t.match(await call({ body: nested, status: 409 }, asJson), { code: 'FST_OAUTH_API_INSUFFICIENT_SCOPE', scope: [] })
  quirks = { insufficientScope: { error: 'x', body: { pointer: '/error', value: 'missing_scope' } } }
  t.strictSame(await call({ body: missing }, asJson), { result: missing }, 'the header must say so too')
  t.match(await call({ status: 400, body: missing, headers: { 'www-authenticate': 'Bearer error="x", scope="c"' } }, async oauth => oauth.get('api', { throwOnError: true })), { code: 'FST_OAUTH_API_INSUFFICIENT_SCOPE', scope: ['c'] })
})

t.test('a grant that is missing is asked for; other errors are none of its business', async (t) => {
  const { url, browser, logIn, ask } = await setUpPage(t)
  await logIn()
  t.equal((await ask()).status, 200)
  const other = await read(await browser.request(`${url}/other`, { headers: json }))
  t.match(other.json, { statusCode: 500, message: 'another' })

  const elsewhere = await setUpPage(t, { provider: 'other' })
  await elsewhere.logIn()
  elsewhere.wire.on('/api', () => ({ status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="repo"' } }))
  await elsewhere.logIn('/oauth/other')
  t.match((await elsewhere.ask()).json, { code: 'FST_OAUTH_INSUFFICIENT_SCOPE', provider: 'other' }, 'also of a provider that the route is not bound to')
})

t.test('GRANT_REQUIRED and errors of the plugin\'s own', async (t) => {
  const { url, browser } = await setUp(t, {
    routes (app) {
      app.get('/page', async (request, reply) => request.oauth.get('api').catch(error => request.oauth.challenge(reply, error)))
      app.get('/wrong', async (request, reply) => request.oauth.get('https://elsewhere.example/').catch(error => request.oauth.challenge(reply, error)))
    }
  })
  t.match((await read(await browser.request(`${url}/page`, { headers: json }))).json, { statusCode: 401, code: 'FST_OAUTH_GRANT_REQUIRED', authorizeUrl: /login=/ })
  t.match((await read(await browser.request(`${url}/wrong`, { headers: json }))).json, { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
})
