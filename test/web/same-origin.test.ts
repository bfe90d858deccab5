import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { OAuthContext } from '../../lib/web/context.js'
import { refuseForgery, siteOf } from '../../lib/web/same-origin.js'

const context = { baseUrl: new URL('https://app.example.com/base') } as OAuthContext
const asked = (headers: Record<string, string>, method = 'POST') => ({ method, headers }) as unknown as FastifyRequest

t.test('where a request comes from: Sec-Fetch-Site decides, else Origin', async (t) => {
  const origin = 'https://app.example.com'
  const cases: Array<[Record<string, string>, ReturnType<typeof siteOf>]> = [
    [{ 'sec-fetch-site': 'same-origin' }, 'own'],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, 'own'],
    [{ 'sec-fetch-site': 'none' }, 'user'],
    [{ 'sec-fetch-site': 'same-site' }, 'foreign'],
    [{ 'sec-fetch-site': 'cross-site', origin }, 'foreign'],
    [{ 'sec-fetch-site': 'same-origin, cross-site' }, 'foreign'],
    [{ 'sec-fetch-site': '' }, 'foreign'],
    [{ origin }, 'own'],
    [{ origin: 'https://app.example.com:8443' }, 'foreign'],
    [{ origin: 'http://app.example.com' }, 'foreign'],
    [{ origin: 'https://app.example.com.evil.example' }, 'foreign'],
    [{ origin: 'null' }, 'foreign'],
    [{}, 'unknown']
  ]
  for (const [headers, site] of cases) t.equal(siteOf(context, asked(headers)), site, JSON.stringify(headers))
})

t.test('what is refused', async (t) => {
  const refusal = (headers: Record<string, string>, method: string) => {
    try {
      refuseForgery(context, asked(headers, method), { name: 'wire', baseUrl: undefined })
      return 'none'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const foreign = { 'sec-fetch-site': 'cross-site' }
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) {
    t.equal(refusal(foreign, method), 'none', method)
    t.equal(refusal({}, method), 'none', method)
    t.equal(refusal({ ...foreign, upgrade: 'h2c' }, method), 'none')
    t.equal(refusal({ ...foreign, upgrade: 'WebSocket' }, method), 'FST_OAUTH_CROSS_SITE', 'a WebSocket')
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND']) {
    t.equal(refusal(foreign, method), 'FST_OAUTH_CROSS_SITE', method)
    t.equal(refusal({ origin: 'https://evil.example' }, method), 'FST_OAUTH_CROSS_SITE')
    t.equal(refusal({ ...foreign, 'x-requested-with': 'x' }, method), 'FST_OAUTH_CROSS_SITE', 'a header of its own changes nothing')
    t.equal(refusal({}, method), 'FST_OAUTH_SITE_UNKNOWN')
    t.equal(refusal({ 'content-type': 'application/json' }, method), 'FST_OAUTH_SITE_UNKNOWN')
    t.equal(refusal({ 'x-requested-with': 'fetch' }, method), 'none')
    t.equal(refusal({ 'sec-fetch-site': 'same-origin' }, method), 'none')
    t.equal(refusal({ 'sec-fetch-site': 'none' }, method), 'none')
    t.equal(refusal({ origin: 'https://app.example.com' }, method), 'none')
  }
})
