import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import * as door from '../lib/index.js'
import { projectRoot } from './fixtures/project.js'

t.test('the public door: what is exported, and nothing else', async (t) => {
  t.strictSame(Object.keys(door).sort(), ['MemoryGrantStore', 'default', 'errorCodes', 'oauthPlugin'])
  t.equal(door.default, door.oauthPlugin)
})

t.test('errorCodes tells errors apart', async (t) => {
  const { FST_OAUTH_ACCESS_DENIED: AccessDenied, FST_OAUTH_CROSS_SITE: CrossSite } = door.errorCodes
  const error = new AccessDenied('x', 'access_denied')
  t.ok(error instanceof AccessDenied)
  t.notOk(error instanceof CrossSite)
  t.match(error, { code: 'FST_OAUTH_ACCESS_DENIED', statusCode: 403 })
})

t.test('require() works too', async (t) => {
  const required = createRequire(import.meta.url)(join(projectRoot, 'dist/lib/index.js'))
  t.equal(required.oauthPlugin, door.oauthPlugin)
})
