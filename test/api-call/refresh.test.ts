// An access token that the API refuses: one refresh, one replay.
import { Readable } from 'node:stream'
import t from 'tap'
import { request as undiciRequest } from 'undici'
import { startSignedIn } from '../fixtures/signed-in.js'
import type { SignedIn } from '../fixtures/signed-in.js'

const tokensOf = ({ provider }: SignedIn) => new Set(provider.apiCalls.map(({ headers }) => headers.authorization))

t.test('a call that meets 401 is refreshed and made once more; the next ones use the new token', async (t) => {
  const app = await startSignedIn(t, {
    routes (server) {
      server.get('/:how', { config: { oauth: 'test' } }, async (request) => {
        const { how } = request.params as { how: string }
        if (how === 'fetch') return (await request.oauth.fetch('things', { method: 'POST', body: 'text' })).json()
        if (how === 'dispatcher') return (await undiciRequest(`${app.provider.apiBaseUrl}things`, { dispatcher: request.oauth.dispatcher })).body.json()
        const { body } = await request.oauth.post('things', { json: { how } })
        return body.json()
      })
    }
  })
  for (const how of ['/verb', '/fetch', '/dispatcher']) {
    app.provider.apiCalls.length = 0
    await app.revokeAccessTokens()
    t.match(await app.call(how), { status: 200, json: { sub: 'user-1', url: '/api/things' } }, how)
    t.equal(app.refreshes(), 1)
    t.equal(app.provider.apiCalls.length, 2)
    t.equal(new Set(app.provider.apiCalls.map(({ body }) => body)).size, 1, 'with the same body')
    t.match(await app.call(how), { status: 200 })
    t.equal(app.refreshes(), 1)
    t.equal(tokensOf(app).size, 2)
  }
})

t.test('fifty calls at once that all meet 401 refresh once: by request, by job, by verb and by fetch', async (t) => {
  const app = await startSignedIn(t, {
    routes (app) {
      app.get('/one', { config: { oauth: 'test' } }, async (request) => {
        const { statusCode, body } = await request.oauth.get('things')
        await body.dump()
        return statusCode
      })
      app.get('/many', { config: { oauth: 'test' } }, async (request) => Promise.all(Array.from({ length: 50 }, async (_, index) => {
        if (index % 2 === 0) return (await request.oauth.fetch('things', { method: 'POST', body: 'text' })).status
        const { statusCode, body } = await request.oauth.post('things', { json: index })
        await body.dump()
        return statusCode
      })))
    }
  })
  const owner = await app.logIn()

  await app.revokeAccessTokens()
  const requests = await Promise.all(Array.from({ length: 50 }, () => app.call('/one')))
  t.same(new Set(requests.map(({ json }) => json)), new Set([200]))
  t.equal(app.refreshes(), 1, 'fifty requests')

  await app.revokeAccessTokens()
  t.same(new Set((await app.call('/many')).json as unknown as number[]), new Set([200]))
  t.equal(app.refreshes(), 1, 'fifty calls of one request')

  await app.revokeAccessTokens()
  const client = app.app.oauth.client('test', { owner })
  const jobs = await Promise.all(Array.from({ length: 50 }, async (_, index) => index % 2 === 0 ? (await client.fetch('things', { method: 'POST', body: 'text' })).status : (await client.get('things')).statusCode))
  t.same(new Set(jobs), new Set([200]))
  t.equal(app.refreshes(), 1, 'fifty calls of a job')
})

t.test('a stream is not sent twice: the 401 is the answer, and nothing is refreshed', async (t) => {
  const app = await startSignedIn(t, {
    routes (app) {
      app.get('/stream', { config: { oauth: 'test' } }, async (request) => {
        const { statusCode, headers, body } = await request.oauth.post('things', { body: Readable.from(['a stream']) })
        return { statusCode, challenge: headers['www-authenticate'], body: await body.json() }
      })
    }
  })
  await app.revokeAccessTokens()
  t.match((await app.call('/stream')).json, { statusCode: 401, challenge: 'Bearer error="invalid_token"', body: { error: 'invalid_token' } })
  t.same([app.refreshes(), app.provider.apiCalls.map(({ body }) => body)], [0, ['a stream']])
})

t.test('without a refresh token the 401 is the answer', async (t) => {
  const app = await startSignedIn(t, {
    provider: { configuration: { issueRefreshToken: async () => false } },
    routes (app) {
      app.get('/:how', { config: { oauth: 'test' } }, async (request) => {
        if ((request.params as { how: string }).how === 'fetch') return (await request.oauth.fetch('things')).status
        return (await request.oauth.get('things')).statusCode
      })
    }
  })
  t.equal((await app.call('/get')).json, 200)
  await app.revokeAccessTokens()
  t.equal((await app.call('/get')).json, 401)
  t.equal((await app.call('/fetch')).json, 401)
  t.same([app.refreshes(), app.provider.apiCalls.length], [0, 3])
})

t.test('a refresh that cannot be made: the 401 is the answer, and the grant is kept for another try', async (t) => {
  const app = await startSignedIn(t, {
    api: () => ({ status: 401, body: 'refused' }),
    routes (app, api) {
      app.get('/get', { config: { oauth: 'test' } }, async (request) => {
        const { statusCode, body } = await request.oauth.get(api.url)
        return { statusCode, body: await body.text() }
      })
    }
  })
  const owner = await app.logIn()
  const [before] = await app.app.oauth.grants.list({ owner })
  await app.provider.close()
  t.same(await app.call('/get'), { status: 200, json: { statusCode: 401, body: 'refused' } })
  const [after] = await app.app.oauth.grants.list({ owner })
  t.ok(before?.refreshToken)
  t.same([after?.refreshToken, after?.accessToken, after?.version], [before?.refreshToken, before?.accessToken, Number(before?.version) + 2])
  t.equal(app.api.calls.length, 1)
})

t.test('a refresh token that the provider has withdrawn: the 401 is the answer, and it is not sent again', async (t) => {
  const app = await startSignedIn(t, {
    routes (app) {
      app.get('/get', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get('things')).statusCode)
    }
  })
  const owner = await app.logIn()
  const [grant] = await app.app.oauth.grants.list({ owner })
  const { issuer, clientId, clientSecret } = app.provider
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
  const revoked = await fetch(`${issuer}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token: String(grant?.refreshToken) }),
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
  })
  t.equal(revoked.status, 200)
  t.equal((await app.call('/get')).json, 401)
  t.equal((await app.call('/get')).json, 401)
  t.equal(app.refreshes(), 1)
})

t.test('retry: false leaves the 401 to the handler', async (t) => {
  const app = await startSignedIn(t, {
    routes (app) {
      app.get('/get', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get('things', { retry: false })).statusCode)
    }
  })
  await app.revokeAccessTokens()
  t.equal((await app.call('/get')).json, 401)
  t.same([app.refreshes(), app.provider.apiCalls.length], [0, 1])
})

t.test('a job that lives long signs with the newest token', async (t) => {
  const app = await startSignedIn(t)
  const owner = await app.logIn()
  const client = app.app.oauth.client('test', { owner })
  for (let round = 1; round <= 2; round++) {
    t.equal((await client.get('things')).statusCode, 200)
    await app.revokeAccessTokens()
    t.equal((await client.get('things')).statusCode, 200)
    t.equal(app.refreshes(), 1)
  }
  t.equal(tokensOf(app).size, 3)
})
