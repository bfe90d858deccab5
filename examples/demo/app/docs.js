// The app's OpenAPI document at /docs: what each route needs comes from its config.oauth.
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'

/** Before the routes that it shall know. `endpoints` has the `issuer` of each provider that has one: the page reads its metadata. */
export async function registerDocs (app, { endpoints }) {
  const issuers = endpoints.flatMap(({ issuer }) => issuer === undefined ? [] : [new URL(issuer).origin])
  await app.register(swagger, {
    openapi: { info: { title: 'fastify-oauth demo', description: 'The routes of the demo, and what the user must have granted for each.', version: '1.0.0' } }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Its page has styles of its own, by attribute too.
    staticCSP: `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ${issuers.join(' ')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  })
}
