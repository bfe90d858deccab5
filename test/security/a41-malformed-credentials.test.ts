// A41: credentials that are no credentials, from a client or from a provider: refused, and the process lives on.
import { connect } from 'node:net'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

const apiRoute: NonNullable<SceneOptions['app']> = {
  routes (app) {
    app.get('/call', { config: { oauth: 'test' } }, async ({ oauth }) => ({ status: (await oauth.get('/api')).statusCode }))
    app.get('/fetch', { config: { oauth: 'test' } }, async ({ oauth }) => ({ status: (await oauth.fetch('/api')).status }))
    app.get('/profile', { config: { oauth: 'test' } }, async ({ oauth }) => oauth.profile())
  }
}

async function assertAlive (t: { equal: (found: unknown, wanted: unknown, message: string) => boolean }, scene: Scene): Promise<void> {
  t.equal((await new Browser().open(`${scene.url}/`)).text, 'home', 'it lives on')
}

/** One request as these bytes; answers its status. */
function sendRaw (url: string, path: string, lines: string[]): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => { socket.write(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: close\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`, 'latin1')) })
    let answer = ''
    socket.setEncoding('latin1').on('data', chunk => { answer += chunk }).on('error', () => {}).on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])))
  })
}

t.test('A41: from a client', async (t) => {
  const scene = await startScene(t, { app: apiRoute })
  const lines = [
    'authorization: Bearer %', 'authorization: Bearer', 'authorization: Bearer \xff\xfe', 'authorization: Basic %%%', 'authorization: Basic Og', 'authorization: ', 'authorization: \xed\xa0\x80', 'authorization: Bearer a, Bearer b', 'authorization: Bearer a\r\nauthorization: Bearer b',
    'cookie: sessionId=%', 'cookie: sessionId=%E0%A4%A', 'cookie: sessionId=\xed\xa0\x80', 'cookie: sessionId=%ED%A0%80', 'cookie: sessionId=AAAA.%', 'cookie: sessionId=.', 'cookie: %=%', 'cookie: =', 'cookie: ;;;', 'cookie: \xff', 'cookie: sessionId="', 'cookie: oauth-AAAAAAAAAAAAAAAAAAAAAA=%', 'cookie: oauth-AAAAAAAAAAAAAAAAAAAAAA=v1.AAAAAA.\xff', 'cookie: oauth-AAAAAAAAAAAAAAAAAAAAAA=v1.AAAAAA.====', 'cookie: oauth-AAAAAAAAAAAAAAAAAAAAAA=v1..', 'cookie: oauth-AAAAAAAAAAAAAAAAAAAAAA=', 'cookie: a\r\ncookie: b'
  ]
  for (const line of lines) {
    const status = await sendRaw(scene.url, '/guarded', ['accept: application/json', ...line.split('\r\n')])
    t.ok(status >= 400 && status < 500, `${JSON.stringify(line)}: ${status}`)
  }
  await assertAlive(t, scene)
})

t.test('A41: in the query of a callback and of a login', async (t) => {
  const scene = await startScene(t)
  const values = ['%', '%%', '%E0%A4%A', '%ED%A0%80', '%ED%B0%80', '%00', '%ff%fe', '%u0041', '+', '&', '=', '%F4%90%80%80', '%C0%80']
  for (const value of values) {
    for (const path of [`/oauth/test/callback?state=${value}&code=x`, `/oauth/test/callback?state=x&code=${value}`, `/oauth/test/callback?form_post=${value}`, `/oauth/test/callback?form_post=v1.AAAAAA.${value}`, `/oauth/${value}`, `/oauth/${value}/callback?state=x`]) {
      const status = await sendRaw(scene.url, path, [])
      t.ok(status >= 400 && status < 500, `${path}: ${status}`)
    }
    const status = await sendRaw(scene.url, `/oauth/test?login=${value}`, [])
    t.ok([303, 400].includes(status), `login=${value}: ${status}`)
  }
  for (const value of values) {
    const browser = new Browser()
    const callback = new URL(await scene.callback(browser))
    const answer = await browser.request(`${callback.origin}${callback.pathname}?state=${callback.searchParams.get('state')}&code=${value}`)
    t.ok(answer.status >= 400 && answer.status < 500, `a known state, code=${value}: ${answer.status}`)
  }
  await assertAlive(t, scene)
})

t.test('A41: forms that are none', async (t) => {
  const scene = await startScene(t)
  const forms: Array<[string, string | Uint8Array]> = [
    ['application/x-www-form-urlencoded', '%'], ['application/x-www-form-urlencoded', '\0'], ['application/x-www-form-urlencoded', Buffer.from([0xff, 0xfe, 0xed, 0xa0, 0x80])], ['application/x-www-form-urlencoded', ''],
    ['application/json', '{"state":'], ['application/json', '{"__proto__":{"x":1}}'], ['application/json', 'null'], ['application/json', '{"state":"x","code":"y"}'],
    ['multipart/form-data; boundary=x', '--x--'], ['text/plain', 'state=x'], ['text/html', '<p>'], ['no type', 'x'], ['', 'x']
  ]
  for (const path of ['/oauth/test/callback', '/oauth/test/logout']) {
    for (const [type, body] of forms) {
      const { status } = await fetch(`${scene.url}${path}`, { method: 'POST', redirect: 'manual', headers: { 'content-type': type, accept: 'application/json' }, body })
      t.ok((status >= 400 && status < 500) || (status === 200 && path.endsWith('logout')), `${path}, ${type}, ${JSON.stringify(String(body))}: ${status}`)
    }
  }
  await assertAlive(t, scene)
})

const accessTokens: Record<string, unknown> = {
  'with a line break': 'token\r\nx-injected: yes', 'with a newline': 'token\nx', 'with a zero byte': 'token\0', 'with a lone surrogate': 'token\ud800', 'beyond Latin-1': 'tökén-日本', empty: '', 'a blank': ' ', 'a number': 5, null: null, 'an object': {}, 'an array': ['token'], true: true, 'of a megabyte': 'a'.repeat(900_000)
}

for (const [name, token] of Object.entries(accessTokens)) {
  t.test(`A41: an access token from the provider: ${name}`, async (t) => {
    const scene = await startScene(t, { app: apiRoute })
    scene.provider.tokens = { access_token: token, ...(typeof token === 'string' ? {} : { id_token: undefined }) }
    const browser = new Browser()
    const ended = await browser.request(await scene.callback(browser))
    t.ok(ended.status === 303 || (ended.status >= 400 && ended.status <= 502), `the login: ${ended.status}`)
    for (const path of ['/call', '/fetch', '/profile']) {
      const response = await browser.request(`${scene.url}${path}`, { headers: { accept: 'application/json' } })
      const text = await response.text()
      t.ok(response.status === 200 || (response.status >= 400 && response.status <= 503), `${path}: ${response.status} ${text}`)
    }
    t.notOk(scene.provider.requests.some(({ headers }) => headers['x-injected'] !== undefined), 'no header is injected')
    await assertAlive(t, scene)
  })
}

t.test('A41: a malformed token that a refresh brings while a call is under way', async (t) => {
  for (const token of ['token\r\nx-injected: yes', 'token\0', '日本', 5]) {
    const scene = await startScene(t, { app: apiRoute })
    const browser = await scene.login()
    scene.provider.on('/api', ({ headers }) => headers.authorization?.includes('granted') ? { status: 401 } : undefined)
    scene.provider.on('/token', () => ({ body: { access_token: token, token_type: 'bearer' } }))
    for (const path of ['/call', '/fetch']) {
      const response = await browser.request(`${scene.url}${path}`, { headers: { accept: 'application/json' } })
      t.ok(response.status === 200 || (response.status >= 400 && response.status <= 503), `${path}: ${response.status}`)
    }
    t.notOk(scene.provider.requests.some(({ headers }) => headers['x-injected'] !== undefined), 'no header is injected')
    await assertAlive(t, scene)
  }
})

t.test('A41: other members of a token answer', async (t) => {
  const scene = await startScene(t)
  const members: Array<Record<string, unknown>> = [
    { token_type: 5 }, { token_type: null }, { token_type: [] }, { token_type: '' }, { token_type: 'mac' },
    { refresh_token: 5 }, { refresh_token: {} }, { refresh_token: '' }, { refresh_token: '\ud800' },
    { expires_in: -1 }, { expires_in: 'soon' }, { expires_in: 1e308 }, { expires_in: null }, { expires_in: {} }, { expires_in: '1e999' }, { expires_in: Number.MAX_SAFE_INTEGER },
    { scope: 5 }, { scope: null }, { scope: {} }, { scope: [1, null, {}] }, { scope: '\ud800' }, { scope: '"quoted" \\ scope' },
    { id_token: '\ud800.\ud800.\ud800' }, { id_token: '日.本.語' }, { id_token: '=.=.=' }, { id_token: '....' }
  ]
  for (const tokens of members) {
    scene.provider.tokens = tokens
    const browser = new Browser()
    const ended = await browser.request(await scene.callback(browser))
    t.ok(ended.status === 303 || ended.status === 400 || ended.status === 502, `${JSON.stringify(tokens)}: ${ended.status}`)
    if (ended.status === 303) {
      const guarded = await browser.request(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })
      t.ok([200, 401].includes(guarded.status), `${JSON.stringify(tokens)}: ${guarded.status}`)
    }
  }
  await assertAlive(t, scene)
})

t.test('A41: a scope from the provider does not break out of WWW-Authenticate', async (t) => {
  const scene = await startScene(t, {
    app: { routes (app) { app.get('/admin', { config: { oauth: { provider: 'test', scope: ['admin'] } } }, async () => 'admin') } }
  })
  scene.provider.tokens = { scope: 'x", error="none\r\nx-injected: yes' }
  const browser = new Browser()
  await browser.request(await scene.callback(browser))
  const answer = await browser.request(`${scene.url}/admin`, { headers: { accept: 'application/json' } })
  t.equal(answer.status, 403)
  t.equal(answer.headers.get('www-authenticate'), 'Bearer realm="test", error="insufficient_scope", scope="admin"')
  t.equal(answer.headers.get('x-injected'), null)
})
