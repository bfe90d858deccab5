// A1, A3, A4: state is bound to the browser, to one login and to one provider, and serves once (RFC 9700 section 4.7).
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import { WireProvider } from '../fixtures/wire-provider.js'

t.test('A1: a callback in another browser than the one that began', async (t) => {
  const scene = await startScene(t)
  const alice = new Browser()
  const callback = await scene.callback(alice)
  const empty = new Browser()
  const busy = new Browser()
  await scene.begin(busy)

  for (const [name, browser] of Object.entries({ empty, busy })) {
    const answer = await browser.open(callback)
    t.equal(answer.status, 400, name)
    t.strictSame(await scene.subjects(browser), [], `${name} has no grant`)
  }
  t.equal(scene.exchanges(), 0, 'no exchange')

  t.equal((await alice.open(callback)).status, 200, 'the browser that began can still finish')
  t.strictSame(await scene.subjects(alice), ['user-1'])
})

t.test('A1: a state that was made up, is empty, or is missing', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callback = new URL(await scene.callback(browser))
  const genuine = String(callback.searchParams.get('state'))
  for (const state of ['made-up', '', ' ', null, genuine.slice(0, -1), `${genuine}A`, genuine.toLowerCase(), `${genuine} `, ` ${genuine}`, `${genuine}\0`]) {
    if (state === null) callback.searchParams.delete('state')
    else callback.searchParams.set('state', state)
    t.equal((await browser.open(callback.href)).status, 400, JSON.stringify(state))
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A3: a callback that comes again', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callback = await scene.callback(browser)
  const jar = new Map([...browser.cookies].map(([host, cookies]) => [host, new Map(cookies)]))
  t.equal((await browser.open(callback)).status, 200)

  t.equal((await browser.open(callback)).status, 400, 'in the same browser, whose cookie is gone')
  const copy = new Browser()
  for (const [host, cookies] of jar) copy.cookies.set(host, cookies)
  const again = await copy.open(callback)
  t.equal(again.status, 400, 'with the cookie of before')
  t.equal(codeIn(again.text), 'FST_OAUTH_STATE_USED')
  t.equal(scene.exchanges(), 1, 'one exchange')
  t.strictSame(await scene.subjects(copy), [], 'the copy got nothing')
})

t.test('A3: the same callback 50 times at once', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callback = await scene.callback(browser)
  const cookie = browser.cookieHeader(new URL(callback))

  const answers = await Promise.all(Array.from({ length: 50 }, async () => {
    const response = await fetch(callback, { redirect: 'manual', headers: { cookie, accept: 'application/json' } })
    return { status: response.status, cookies: response.headers.getSetCookie(), text: await response.text() }
  }))

  t.equal(scene.exchanges(), 1, 'one exchange')
  const [first, ...rest] = answers.sort((a, b) => a.status - b.status)
  t.equal(first?.status, 303)
  t.equal(rest.filter(({ status, text }) => status === 400 && JSON.parse(text).code === 'FST_OAUTH_STATE_USED').length, 49, 'the others get a clear answer')
  t.equal(answers.filter(({ cookies }) => cookies.some(line => line.startsWith('sessionId='))).length, 1, 'one session')
})

t.test('A3: a store that claims asynchronously still lets one through', async (t) => {
  class SlowStore extends MemoryGrantStore {
    override async claim (id: string, ttl: number): Promise<boolean> {
      await new Promise(resolve => { setTimeout(resolve, Math.random() * 20) })
      return super.claim(id, ttl)
    }
  }
  const scene = await startScene(t, { plugin: { store: new SlowStore() } })
  const browser = new Browser()
  const callback = await scene.callback(browser)
  const cookie = browser.cookieHeader(new URL(callback))
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(callback, { redirect: 'manual', headers: { cookie } })).status))
  t.equal(statuses.filter(status => status === 303).length, 1)
  t.equal(scene.exchanges(), 1, 'one exchange')
})

t.test('A4: the state of one provider at the callback of another', async (t) => {
  const other = await WireProvider.start()
  t.teardown(() => other.close())
  const scene = await startScene(t, { plugin: { providers: { other: { issuer: other.issuer, clientId: other.clientId, clientSecret: other.clientSecret } } } })
  const browser = new Browser()
  const callback = await scene.callback(browser)

  const answer = await browser.open(callback.replace('/oauth/test/callback', '/oauth/other/callback'))

  t.equal(answer.status, 400)
  t.equal(codeIn(answer.text), 'FST_OAUTH_STATE_OTHER_PROVIDER')
  t.equal(scene.exchanges() + other.to('/token').length, 0, 'no exchange')
  t.strictSame(await scene.subjects(browser), [])
  t.equal((await browser.open(callback)).status, 400, 'and the state is spent')
})
