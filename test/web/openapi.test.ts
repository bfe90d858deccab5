import swagger from '@fastify/swagger'
import { Validator } from '@seriousme/openapi-schema-validator'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { oauthPlugin } from '../../lib/index.js'
import { secret } from '../fixtures/login.js'

interface Document { openapi?: string, components?: { securitySchemes?: Record<string, Record<string, unknown>> }, paths: Record<string, Record<string, { security?: unknown, summary?: string }>> }

const providers = {
  sso: { clientId: 'id', issuer: 'https://sso.example/realm/' },
  hub: { clientId: 'id', authorizeUrl: 'https://hub.example/authorize', accessTokenUrl: 'https://hub.example/token', scope: ['user'] },
  photos: { clientId: 'id', clientSecret: 'secret', requestTokenUrl: 'https://photos.example/request', authorizeUrl: 'https://photos.example/authorize', accessTokenUrl: 'https://photos.example/access' }
}
const info = { title: 'Test', version: '1.0.0' }

function addGone (app: FastifyInstance): void {
  app.oauth.providers.register('gone', { clientId: 'id', issuer: 'https://gone.example' })
  app.get('/gone', { config: { oauth: 'gone' } }, async () => 'x')
  app.oauth.providers.unregister('gone')
}

function routes (app: FastifyInstance): void {
  app.get('/open', async () => 'x')
  app.get('/me', { config: { oauth: 'sso' }, schema: { summary: 'Me' } as object }, async () => 'x')
  app.get('/repos/:id', { config: { oauth: { provider: 'hub', scope: ['repo', 'gist'] } } }, async () => 'x')
  app.post('/repos', { config: { oauth: { provider: 'hub', scope: ['repo'] } } }, async () => 'x')
  app.get('/photos', { config: { oauth: { provider: 'photos', scope: ['read'] } } }, async () => 'x')
  addGone(app)
  app.get('/maybe', { config: { oauth: { provider: 'sso', optional: true } } }, async () => 'x')
}

interface Settings { openapi?: Record<string, unknown>, options?: object, swaggerLast?: boolean, add?: (app: FastifyInstance) => void | Promise<void> }

async function documentOf (t: Test, { openapi = {}, options = {}, swaggerLast = false, add = routes }: Settings = {}): Promise<{ app: FastifyInstance, document: Document }> {
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  const register = async () => app.register(swagger as never, { openapi: { info, ...openapi }, ...options } as never)
  if (!swaggerLast) await register()
  await app.register(oauthPlugin, { secret, session: { secret }, providers })
  if (swaggerLast) await register()
  await add(app)
  await app.ready()
  return { app, document: (app as unknown as { swagger (): Document }).swagger() }
}

t.test('a provider of which each tenant has its own is described without addresses', async (t) => {
  const { document } = await documentOf(t, {
    add (app) {
      app.oauth.providers.register('own', async () => null)
      app.get('/mine', { config: { oauth: { provider: 'own', scope: ['read'] } } }, async () => 'x')
    }
  })
  t.match(document.components?.securitySchemes, { own: { type: 'apiKey', in: 'header', name: 'Authorization', description: /Each tenant has a provider of its own/ } })
  t.strictSame(document.paths['/mine']?.get?.security, [{ own: [] }])
})

t.test('each provider in use has a scheme, each guarded route its security, whichever plugin comes first', async (t) => {
  for (const swaggerLast of [false, true]) {
    const { document } = await documentOf(t, { swaggerLast })
    t.match(document.components?.securitySchemes, {
      sso: { type: 'openIdConnect', openIdConnectUrl: 'https://sso.example/realm/.well-known/openid-configuration', description: /sso/ },
      hub: { type: 'oauth2', flows: { authorizationCode: { authorizationUrl: 'https://hub.example/authorize', tokenUrl: 'https://hub.example/token', scopes: { user: '', repo: '', gist: '' } } } },
      photos: { type: 'apiKey', in: 'header', name: 'Authorization', description: /OAuth 1\.0a/ }
    })
    t.strictSame(Object.keys(document.components?.securitySchemes ?? {}).sort(), ['hub', 'photos', 'sso'])
    t.strictSame(document.paths['/me']?.get?.security, [{ sso: [] }])
    t.equal(document.paths['/me']?.get?.summary, 'Me')
    t.strictSame(document.paths['/repos/{id}']?.get?.security, [{ hub: ['repo', 'gist'] }])
    t.strictSame(document.paths['/repos']?.post?.security, [{ hub: ['repo'] }])
    t.strictSame(document.paths['/photos']?.get?.security, [{ photos: [] }], 'roles of other schemes are not for OpenAPI 3.0')
    t.notOk(document.paths['/open']?.get?.security)
    t.notOk(document.paths['/gone']?.get?.security, 'a provider that is not registered any more')
    t.strictSame(document.paths['/maybe']?.get?.security, [{ sso: [] }, {}], 'with a grant, or without')
    t.notMatch(JSON.stringify(document), /x-fastify-oauth|clientSecret|"\/oauth/, 'nothing of the plugin\'s own')
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    t.equal(valid, true, JSON.stringify(errors))
  }
})

t.test('OpenAPI 3.1 validates too, and the document as YAML is the same', async (t) => {
  const { app, document } = await documentOf(t, { openapi: { openapi: '3.1.0' } })
  t.equal((await new Validator().validate(JSON.parse(JSON.stringify(document)))).valid, true)
  t.strictSame(parse((app as unknown as { swagger (options: object): string }).swagger({ yaml: true })), JSON.parse(JSON.stringify(document)))
})

t.test('what the application has set stays', async (t) => {
  const own = { type: 'http', scheme: 'bearer' }
  const { document } = await documentOf(t, {
    openapi: { components: { securitySchemes: { hub: own, cookieAuth: { type: 'apiKey', in: 'cookie', name: 'sessionId' } } }, security: [{ cookieAuth: [] }] },
    options: { transform: ({ schema, url }: { schema: object, url: string }) => ({ schema: { ...schema, description: 'transformed' }, url: `/v1${url}` }) },
    add (app) {
      routes(app)
      app.get('/mine', { config: { oauth: 'sso' }, schema: { security: [{ cookieAuth: [] }] } as object }, async () => 'x')
      app.get('/none', { config: { oauth: 'sso' }, schema: { security: [] } as object }, async () => 'x')
    }
  })
  t.strictSame(document.components?.securitySchemes?.hub, own)
  t.strictSame(document.paths['/v1/repos']?.post?.security, [{ cookieAuth: [], hub: ['repo'] }], 'beside what is required everywhere')
  t.strictSame(document.paths['/v1/mine']?.get?.security, [{ cookieAuth: [] }])
  t.strictSame(document.paths['/v1/none']?.get?.security, [])
  t.match(document.paths['/v1/me']?.get, { description: 'transformed' })
})

t.test('a document around the context of the plugin is completed for all who use it', async (t) => {
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  await app.register(swagger as never, { openapi: { info } } as never)
  await app.register(async (child) => {
    await child.register(oauthPlugin, { secret, session: { secret }, providers })
    routes(child)
  })
  await app.ready()
  t.strictSame((app as unknown as { swagger (): Document }).swagger().paths['/me']?.get?.security, [{ sso: [] }])
})

t.test('without guarded routes, or with Swagger 2.0, nothing is added', async (t) => {
  const { document } = await documentOf(t, { add (app) { app.get('/open', async () => 'x') } })
  t.notOk(document.components?.securitySchemes)

  const none = await documentOf(t, { add: addGone })
  t.notOk(none.document.components?.securitySchemes)

  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  await app.register(swagger as never, { swagger: { info } } as never)
  await app.register(oauthPlugin, { secret, session: { secret }, providers })
  routes(app)
  await app.ready()
  const old = (app as unknown as { swagger (): Document }).swagger()
  t.ok(old.paths['/me'])
  t.notMatch(JSON.stringify(old), /x-fastify-oauth|"security"/)
})

t.test('a document without paths, and paths with more than operations', async (t) => {
  const { document } = await documentOf(t, {
    openapi: { paths: { '/by-hand': { parameters: [], summary: 'By hand', get: { responses: {} } } } }
  })
  t.match(document.paths['/by-hand'], { parameters: [], summary: 'By hand' })
  const { document: empty } = await documentOf(t, { options: { transformObject: ({ openapiObject: { paths, ...rest } }: { openapiObject: { paths: unknown } }) => rest } })
  t.strictSame(empty.paths, {})
})
