// Logins as a person meets them, in a real browser: tabs, denials, other accounts, a POST, a fetch, a window of its own.
import type { FastifyInstance } from 'fastify'
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import type { Test } from 'tap'
import { picture, startChromium } from '../fixtures/chromium.js'
import { startFakeApp } from '../fixtures/fake-app.js'
import { startServer } from '../fixtures/http-server.js'
import type { FakeApp } from '../fixtures/fake-app.js'

t.setTimeout(240_000)

const write = { config: { oauth: { provider: 'fake', scope: ['write'] } } }
const html = 'text/html; charset=utf-8'

// What a page of an application would do by itself, here on buttons.
const home = `<!doctype html><title>Home</title><h1>Home</h1>
<a href="/write?a=b">write</a>
<form method="post" action="/write"><button>post</button></form>
<button id="fetch">fetch</button> <button id="popup">popup</button>
<pre></pre>
<script>
const said = []
const say = (message) => { said.push(message); document.querySelector('pre').textContent = JSON.stringify(said) }
addEventListener('message', ({ origin, source, data }) => say({ origin, isPopup: source === window.popup, data }))
document.querySelector('#fetch').onclick = async () => {
  const answer = await fetch('/write', { method: 'POST' })
  say({ status: answer.status, header: answer.headers.get('www-authenticate'), body: await answer.json() })
}
document.querySelector('#popup').onclick = async () => {
  const { authorizeUrl } = await (await fetch('/write')).json()
  window.popup = window.open((authorizeUrl ?? '/oauth/fake?') + '&display=popup', 'oauth', 'popup,width=520,height=640')
}
</script>`

function routes (app: FastifyInstance): void {
  let posts = 0
  const page = (title: string, text: string) => `<!doctype html><title>${title}</title><h1>${title}</h1><p>${text}</p><a href="/">home</a>`
  app.get('/', async (_request, reply) => reply.type(html).send(home))
  app.get('/any', { config: { oauth: 'fake' } }, async ({ oauth }, reply) => reply.type(html).send(page('Any', String(oauth.grant?.account))))
  app.get('/write', write, async ({ oauth, url }, reply) => reply.type(html).send(page('Write', `${oauth.grant?.account} at ${url}`)))
  app.post('/write', write, async () => { posts++; return 'written' })
  app.get('/posts', async () => posts)
  app.get('/accounts', async (request) => (await request.oauth.grants()).map(({ account, scope }) => `${account}: ${scope.join(' ')}`).sort())
}

interface Tour extends FakeApp { url: string, context: BrowserContext, page: Page, problems: string[] }

/** On `localhost`, with a provider on 127.0.0.1: another site, as in life. */
async function startTour (t: Test): Promise<Tour> {
  const started = await startFakeApp(t, { listens: true, fake: { users: [{ sub: 'ada' }, { sub: 'grace' }] }, routes, fastify: { forceCloseConnections: true } })
  started.app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _body, done) => { done(null) })
  const { port } = new URL(await started.app.listen({ port: 0, host: 'localhost' }))
  const browser = await startChromium(t)
  const context = await browser.newContext()
  const problems: string[] = []
  context.on('weberror', error => problems.push(error.error().message))
  context.on('console', message => { if (/Content Security Policy|Cross-Origin/.test(message.text())) problems.push(message.text()) })
  return { ...started, url: `http://localhost:${port}`, context, page: await context.newPage(), problems }
}

/** At the provider, wherever its login page is shown. */
async function signIn (page: Page, user: string, decision: 'allow' | 'deny' = 'allow'): Promise<void> {
  await page.selectOption('select[name=username]', user)
  await page.click('button[value=login]')
  await page.click(`button[value=${decision}]`)
}

async function logIn ({ page, url }: Tour, user = 'ada'): Promise<void> {
  await page.goto(`${url}/any`)
  await signIn(page, user)
  await page.waitForURL(`${url}/any`)
}

const textOf = async (page: Page) => (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ')
const accounts = async ({ context, url }: Tour): Promise<unknown> => (await context.request.get(`${url}/accounts`)).json()
const authorizations = ({ fake }: Tour) => fake.requests.filter(({ endpoint, method }) => endpoint === 'authorize' && method === 'GET')

t.test('a page is resumed, and more is asked for where it is needed', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await logIn(tour)
  await page.goto(url)
  await page.click('text=write')
  await signIn(page, 'ada')
  await page.waitForURL(`${url}/write?a=b`)
  t.match(await textOf(page), 'ada at /write?a=b')
  t.strictSame(authorizations(tour).at(-1)?.params.scope?.split(' ').sort(), ['email', 'openid', 'profile', 'write'])
  t.strictSame(tour.problems, [])
})

t.test('two tabs at once, the second started before the first has ended', async (t) => {
  const tour = await startTour(t)
  const { context, url } = tour
  const [first, second] = [await context.newPage(), await context.newPage()]
  await Promise.all([first.goto(`${url}/any`), second.goto(`${url}/write?tab=2`)])
  await signIn(second, 'ada')
  await second.waitForURL(`${url}/write?tab=2`)
  await signIn(first, 'ada')
  await first.waitForURL(`${url}/any`)
  for (const [tab, text] of [[first, 'Any ada'], [second, 'Write ada at /write?tab=2']] as const) {
    await tab.reload()
    t.match(await textOf(tab), text)
  }
  t.equal((await accounts(tour) as string[]).length, 1)
  t.equal((await context.cookies()).filter(({ name }) => name.startsWith('oauth-')).length, 0, 'no login is left')
})

t.test('a denied consent ends on a page that changes nothing, and goes on from there', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await logIn(tour)
  const before = await accounts(tour)
  await page.goto(`${url}/write?a=b`)
  await signIn(page, 'ada', 'deny')
  await page.waitForSelector('text=You did not allow access')
  await picture(page, 'login-denied')
  t.equal(authorizations(tour).length, 2, 'it was asked for once')
  t.strictSame(await accounts(tour), before)
  await page.reload()
  t.match(await textOf(page), 'It was finished already')
  await picture(page, 'login-reloaded')
  await page.goto(`${url}/write?a=b`)
  await signIn(page, 'ada', 'deny')
  await page.click('text=Start the login again')
  await signIn(page, 'ada')
  await page.waitForURL(`${url}/write?a=b`)
  t.match(await textOf(page), 'ada at /write?a=b')
  t.strictSame(tour.problems, [])
})

t.test('a consent that is narrower is said so, once', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await page.goto(`${url}/write`)
  await page.selectOption('select[name=username]', 'ada')
  await page.click('button[value=login]')
  await page.uncheck('input[value=write]')
  await page.click('button[value=allow]')
  await page.waitForSelector('text=more access than you have allowed')
  await picture(page, 'login-narrower')
  t.equal(authorizations(tour).length, 1)
})

t.test('another account at a step-up: refused, and offered as another account', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await logIn(tour, 'ada')
  const before = await accounts(tour)
  await page.goto(`${url}/write?a=b`)
  t.equal(await page.inputValue('select[name=username]'), 'ada', 'the provider is told whom it is about')
  await signIn(page, 'grace')
  await page.waitForSelector('text=another account than the one')
  await picture(page, 'login-other-account')
  t.strictSame(await accounts(tour), before)
  await page.click('text=Link it as another account')
  await signIn(page, 'grace')
  await page.waitForURL(`${url}/write?a=b`)
  t.match(await textOf(page), 'grace at /write?a=b')
  t.match(await accounts(tour), [/^ada: (?!.*write)/, /^grace: .*write/])
  t.strictSame(tour.problems, [])
})

t.test('a form that is sent without enough scope is never sent again', async (t) => {
  const tour = await startTour(t)
  const { page, url, context } = tour
  await logIn(tour)
  await page.goto(url)
  await page.click('text=post')
  await page.waitForURL(`${url}/write`)
  t.match(await textOf(page), 'FST_OAUTH_INSUFFICIENT_SCOPE')
  await picture(page, 'post-without-scope')
  t.equal(authorizations(tour).length, 1, 'nobody was sent anywhere')
  await page.click('a:text("Log in and allow it")')
  await signIn(page, 'ada')
  await page.waitForURL(`${url}/`)
  t.equal(await (await context.request.get(`${url}/posts`)).text(), '0')
  await page.click('text=post')
  await page.waitForSelector('text=written')
  t.equal(await (await context.request.get(`${url}/posts`)).text(), '1')
})

t.test('a form that is sent without a login says so', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await page.goto(url)
  await page.click('text=post')
  await page.waitForSelector('text=This needs your login')
  await picture(page, 'post-without-login')
  await page.click('a:text("Log in and allow it")')
  await signIn(page, 'ada')
  await page.waitForURL(`${url}/`)
})

t.test('a fetch gets JSON, and its authorizeUrl leads back to the page', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await page.goto(`${url}/?page=1`)
  await page.click('#fetch')
  await page.waitForSelector('pre:not(:empty)')
  const [none] = JSON.parse(String(await page.textContent('pre')))
  t.match(none, { status: 401, header: 'Bearer realm="fake", scope="write"', body: { code: 'FST_OAUTH_GRANT_REQUIRED', provider: 'fake' } })
  await logIn(tour)
  await page.goto(`${url}/?page=2`)
  await page.click('#fetch')
  await page.waitForSelector('pre:not(:empty)')
  const [less] = JSON.parse(String(await page.textContent('pre')))
  t.match(less, { status: 403, header: /error="insufficient_scope"/, body: { code: 'FST_OAUTH_INSUFFICIENT_SCOPE' } })
  await page.evaluate(`location.href = ${JSON.stringify(less.body.authorizeUrl)}`)
  await signIn(page, 'ada')
  await page.waitForURL(`${url}/?page=2`)
})

/** Opens the window by a click on the page, and answers it. */
async function openPopup (page: Page): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('#popup')])
  await popup.waitForSelector('select[name=username]')
  return popup
}

const messages = async (page: Page): Promise<unknown[]> => {
  await page.waitForSelector('pre:not(:empty)')
  return JSON.parse(String(await page.textContent('pre')))
}

t.test('a window tells its opener, and closes', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await page.goto(url)
  const popup = await openPopup(page)
  await picture(popup, 'popup-at-the-provider')
  await Promise.all([popup.waitForEvent('close'), signIn(popup, 'ada')])
  t.strictSame(await messages(page), [{ origin: url, isPopup: true, data: { type: 'fastify-oauth', provider: 'fake', ok: true } }])
  t.match(await accounts(tour), [/^ada: .*write/])
  t.strictSame(tour.problems, [])
})

t.test('a window tells of a denial and of another account, and closes', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await logIn(tour)
  for (const [user, decision, code] of [['ada', 'deny', 'FST_OAUTH_ACCESS_DENIED'], ['grace', 'allow', 'FST_OAUTH_OTHER_ACCOUNT']] as const) {
    await page.goto(url)
    const popup = await openPopup(page)
    await Promise.all([popup.waitForEvent('close'), signIn(popup, user, decision)])
    t.strictSame(await messages(page), [{ origin: url, isPopup: true, data: { type: 'fastify-oauth', provider: 'fake', ok: false, code } }])
  }
  t.match(await accounts(tour), [/^ada: (?!.*write)/])
  t.strictSame(tour.problems, [])
})

t.test('a window whose opener has gone to another site tells it nothing', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  const listener = '<!doctype html><title>elsewhere</title><pre></pre><script>addEventListener("message", ({ data }) => { document.querySelector("pre").textContent = JSON.stringify(data) })</script>'
  const elsewhere = await startServer(t, () => ({ headers: { 'content-type': 'text/html' }, body: listener }))
  await page.goto(url)
  const popup = await openPopup(page)
  await page.goto(elsewhere.url)
  await Promise.all([popup.waitForEvent('close'), signIn(popup, 'ada')])
  t.equal(await page.title(), 'elsewhere')
  t.equal(await page.textContent('pre'), '')
})

t.test('the page of a window without an opener says how it went', async (t) => {
  const tour = await startTour(t)
  const { page, url } = tour
  await page.goto(`${url}/oauth/fake?display=popup`)
  await signIn(page, 'ada')
  await page.waitForSelector('text=You are logged in')
  await picture(page, 'popup-end')
  await page.goto(`${url}/oauth/fake?display=popup`)
  await signIn(page, 'ada', 'deny')
  await page.waitForSelector('text=You did not allow access')
  await picture(page, 'popup-denied')
})
