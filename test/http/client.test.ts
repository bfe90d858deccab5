// The verbs of request.oauth: what they send, and where.
import { Readable } from 'node:stream'
import t from 'tap'
import { FormData } from 'undici'
import { ApiClient } from '../../lib/http/client.js'
import { startServer } from '../fixtures/http-server.js'
import { TokenSigner, agentOf, clientOf } from '../fixtures/token-signer.js'

const verbs = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const

t.test('every verb is sent, signed, to where apiBaseUrl leads', async (t) => {
  const server = await startServer(t, ({ method }) => ({ status: 201, headers: { 'x-method': method }, body: { method } }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: `${server.url}/v1/` })
  for (const verb of verbs) {
    const { statusCode, headers, body } = await client[verb]('things?a=1')
    t.match({ statusCode, headers }, { statusCode: 201, headers: { 'x-method': verb.toUpperCase() } })
    t.equal(await body.text(), verb === 'head' ? '' : JSON.stringify({ method: verb.toUpperCase() }))
  }
  await (await client.request('options', new URL('/other', server.url))).body.dump()

  t.same(server.calls.map(({ method, path, headers }) => [method, path, headers.authorization]), [
    ...verbs.map(verb => [verb.toUpperCase(), '/v1/things?a=1', 'Bearer token-1']),
    ['OPTIONS', '/other', 'Bearer token-1']
  ])
})

t.test('query, headers and each kind of body arrive as they were given', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await client.get('/?a=1', { query: { b: [2, 3] }, headers: { 'X-One': '1', 'x-list': ['a', 'b'] } })
  await client.post('/', { json: { name: 'Zoë' } })
  await client.put('/', { form: { name: 'Zoë' } })
  await client.patch('/', { body: Buffer.from('bytes') })
  await client.post('/', { body: Readable.from(['a ', 'stream']) })
  const upload = new FormData()
  upload.set('field', 'value')
  await client.post('/', { body: upload })

  t.match(server.calls, [
    { path: '/?a=1&b=2&b=3', headers: { 'user-agent': 'fastify-oauth', 'x-one': '1', 'x-list': 'a, b' }, body: '' },
    { headers: { 'content-type': 'application/json', 'content-length': '15' }, body: '{"name":"Zoë"}' },
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=Zo%C3%AB' },
    { headers: { 'content-type': undefined }, body: 'bytes' },
    { headers: { 'transfer-encoding': 'chunked' }, body: 'a stream' },
    { headers: { 'content-type': /^multipart\/form-data; boundary=/ }, body: /name="field"\r\n\r\nvalue\r\n/ }
  ])
})

t.test('the caller cannot send an authorization of its own to the API', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await client.get('/', { headers: { Authorization: 'Bearer mine' } })
  await client.get('/', { headers: { authorization: ['Bearer mine', 'Bearer yours'] } })
  t.same(server.calls.map(({ headers }) => headers.authorization), ['Bearer token-1', 'Bearer token-1'])
})

t.test('a status of 400 and above is an answer', async (t) => {
  const server = await startServer(t, ({ path }) => ({ status: Number(path.slice(1)), body: 'why' }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  for (const status of [400, 403, 404, 500, 503]) {
    const { statusCode, body } = await client.get(`/${status}`)
    t.same([statusCode, await body.text()], [status, 'why'])
  }
})

t.test('without apiBaseUrl a URL must be absolute', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server) })
  await t.rejects(client.get('/things'), { code: 'FST_OAUTH_INVALID_CALL', statusCode: 500 })
  await t.rejects(client.fetch('/things'), { code: 'FST_OAUTH_INVALID_CALL' })
  t.equal((await client.get(`${server.url}/things`)).statusCode, 200)
})

t.test('another origin is refused before anything is signed or sent', async (t) => {
  const server = await startServer(t)
  const evil = await startServer(t)
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: `${server.url}/v1/` })
  const { host, port } = new URL(evil.url)
  for (const url of [
    evil.url, `//${host}/x`, `\\\\${host}\\x`, `/\\${host}/x`, `\t//${host}/x`, `//127.0.0.1@${host}/`, `${server.url}@${host}/`,
    `http://${new URL(server.url).host}:pw@${host}/`, `https://${new URL(server.url).host}/`, `http://localhost:${new URL(server.url).port}/`,
    `//127.0.0.1:${port}/`, `HTTP://${host}`, new URL(evil.url)
  ]) {
    await t.rejects(client.get(url), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED', statusCode: 500, message: /apiOrigins/ }, String(url))
    await t.rejects(client.fetch(url), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' }, `fetch ${String(url)}`)
  }
  t.same([signer.signed, server.connections, evil.connections], [0, 0, 0])
})

t.test('a user name in the URL of the API is no other origin, and is not sent', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await client.get(`http://evil.example:pw@${new URL(server.url).host}/x`)
  t.match(server.calls, [{ path: '/x', headers: { authorization: 'Bearer token-1', host: new URL(server.url).host } }])
})

t.test('a further origin of the API is sent the token as well', async (t) => {
  const server = await startServer(t)
  const further = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server, further), baseUrl: server.url })
  await client.get(`${further.url}/x`)
  t.match(further.calls, [{ path: '/x', headers: { authorization: 'Bearer token-1' } }])
})

t.test('every answer is told of, also one that throwOnError has read', async (t) => {
  const server = await startServer(t, () => ({ status: 500 }))
  const told: number[] = []
  const client = new ApiClient({ signer: new TokenSigner(server), dispatcher: agentOf(t), baseUrl: server.url, answered: ({ statusCode }) => { told.push(statusCode) } })
  await client.get('/')
  await t.rejects(client.get('/', { throwOnError: true }))
  t.same(told, [500, 500])
})
