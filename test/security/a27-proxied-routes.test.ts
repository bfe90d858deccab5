// A27: no way around the guard of a proxy: nothing reaches the API without a grant.
import { connect } from 'node:net'
import t from 'tap'
import { startProxiedApi } from '../fixtures/proxied-api.js'

function sendRaw (url: string, lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => { socket.write(`${[...lines, `host: ${hostname}:${port}`, 'connection: close'].join('\r\n')}\r\n\r\n`) })
    let answer = ''
    socket.setEncoding('latin1').on('data', chunk => { answer += chunk }).on('error', () => {}).on('close', () => resolve(answer))
  })
}

const paths = ['/api', '/api/', '/api/items', '//api/items', '/api//items', '/%61pi/items', '/API/items', '/api;x/items', '/api/%2e%2e/items', '/api/../api/items', '/./api/items', '/api%2fitems', '/api\\items', 'http://evil.example/api/items', '/from', '/from/', '//from', '/%66rom', '/from?x', '/from;x']

t.test('A27: paths and methods before a proxy', async (t) => {
  for (const routerOptions of [{}, { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, caseSensitive: false, useSemicolonDelimiter: true }]) {
    const { url, api } = await startProxiedApi(t, { fastify: { routerOptions, logger: false } })
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
        const answer = await sendRaw(url, [`${method} ${path} HTTP/1.1`, 'sec-fetch-site: same-origin', 'authorization: Bearer mine'])
        t.match(answer, /^HTTP\/1\.1 [45]\d\d /, `${method} ${path}`)
      }
    }
    t.equal(api.calls.length, 0)
  }
})
