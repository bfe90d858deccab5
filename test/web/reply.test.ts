import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { oauthError } from '../../lib/errors.js'
import { sendError, seeOther } from '../../lib/web/reply.js'
import { read } from '../fixtures/login.js'

t.test('redirects are 303, kept by no cache and told to no other site', async (t) => {
  const url = await listen(t, app => app.get('/', (_request, reply) => { seeOther(reply, '/elsewhere?a=b') }))
  const { status, location, headers } = await read(await fetch(url, { redirect: 'manual' }))
  t.equal(status, 303)
  t.equal(location, '/elsewhere?a=b')
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('referrer-policy'), 'no-referrer')
})

t.test('an error is a page for a browser, with a policy that allows its style and nothing else', async (t) => {
  const url = await listen(t, app => app.get('/', (request, reply) => { sendError(request, reply, oauthError('FST_OAUTH_STATE_USED', ['x']), { retryUrl: '/again' }) }))
  const { status, headers, text } = await read(await fetch(url, { headers: { accept: 'text/html' } }))
  t.equal(status, 400)
  t.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? ''
  t.equal(headers.get('content-security-policy'), `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`)
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(text, '<a href="/again">')
  t.notMatch(text, 'reloaded, or called twice', 'the developer\'s hint is not for the user')
})

t.test('an error is JSON for everyone else, and says when to come back', async (t) => {
  const url = await listen(t, app => app.get('/', (request, reply) => { sendError(request, reply, oauthError('FST_OAUTH_PROVIDER_UNAVAILABLE', ['x', 503], undefined, { retryAfter: 7 })) }))
  const { status, headers, json } = await read(await fetch(url))
  t.equal(status, 503)
  t.equal(headers.get('retry-after'), '7')
  t.strictSame(json, { statusCode: 503, code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', error: 'Service Unavailable', message: 'The provider is not available. Try again in a moment.' })
})

async function listen (t: { teardown (close: () => unknown): void }, routes: (app: FastifyInstance) => void): Promise<string> {
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  routes(app)
  return app.listen({ port: 0, host: '127.0.0.1' })
}
