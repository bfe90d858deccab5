// The single-page app as a person meets it, in a real browser: no token ever reaches the page.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { picture, startChromium } from '../fixtures/chromium.js'
import { startServer } from '../fixtures/http-server.js'
import { until } from '../fixtures/grants.js'
import { projectRoot } from '../fixtures/project.js'

interface Bff { url: string, providerUrl: string, close (): Promise<void> }

const seconds = 8

t.setTimeout(120_000)

t.test('log in, read and write through the proxy, with a token that is refreshed on the way and never seen', async (t) => {
  const { startBff } = await import(pathToFileURL(join(projectRoot, 'examples/bff/app.js')).href)
  const bff: Bff = await startBff({ port: 0, accessTokenSeconds: seconds })
  t.teardown(() => bff.close())
  const browser = await startChromium(t)
  const context = await browser.newContext()
  const page = await context.newPage()

  // Tokens as they leave for the API and the provider, and everything that passes between the app and the browser.
  const tokens = new Set<string>()
  const note = (message: unknown) => {
    for (const [, token] of JSON.stringify((message as { request: { headers: unknown } }).request.headers).matchAll(/Bearer ([\w.-]+)/g)) tokens.add(String(token))
  }
  subscribe('undici:request:create', note)
  t.teardown(() => unsubscribe('undici:request:create', note))
  const received: string[] = []
  const requests: string[] = []
  page.on('request', request => { if (request.url().startsWith(bff.url)) requests.push(JSON.stringify(request.headers())) })
  page.on('response', response => {
    if (!response.url().startsWith(bff.url)) return
    received.push(JSON.stringify(response.headers()))
    response.text().then(text => { received.push(text) }, () => {})
  })
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))

  await page.goto(bff.url)
  await page.waitForSelector('#login:not([hidden])')
  await page.click('#login')
  await page.click('button[name=account][value=demo-user]')
  await page.click('button[value=allow]')
  await page.waitForSelector('#notes:not([hidden]) li')
  t.match(await page.textContent('#who'), 'Signed in as Demo User, grant version 1')
  t.equal(page.url(), `${bff.url}/`)

  await page.fill('input[name=text]', 'Written through the proxy')
  await page.click('form button')
  await page.waitForSelector('li:has-text("Written through the proxy")')
  await picture(page, 'bff')

  await page.waitForTimeout((seconds + 1) * 1_000)
  await page.click('#reload')
  await page.waitForSelector('#who:text-matches("version [2-9]")')
  t.equal(await page.locator('li').count(), 3)

  let refusals = 0
  await page.route('**/api/notes', route => refusals++ === 0 ? route.fulfill({ status: 401, json: { error: 'revoked' } }) : route.continue())
  await page.click('#reload')
  // A token that the API refuses is asked for once more.
  await until(() => refusals === 2)
  await page.waitForSelector('li:has-text("Written through the proxy")')
  t.equal(await page.locator('#login').isVisible(), false)
  await page.unroute('**/api/notes')

  const stored = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML])')
  t.ok(tokens.size >= 2, 'the API got two tokens')
  for (const text of [String(stored), ...received, ...requests]) {
    t.notMatch(text, /access_token|refresh_token|id_token|eyJ/)
    t.notOk([...tokens].some(token => text.includes(token)))
  }
  t.ok((await context.cookies()).filter(({ domain, value }) => domain === 'localhost' && value !== '').every(({ httpOnly }) => httpOnly), 'scripts read no cookie')

  const before = await page.locator('li').count()
  const evil = await startServer(t, () => ({ headers: { 'content-type': 'text/html' }, body: `<form method="post" action="${bff.url}/api/notes" enctype="text/plain"><input name='{"text":"forged","a":"' value='"}'></form>` }))
  const other = await context.newPage()
  for (const host of ['127.0.0.1', 'localhost']) {
    await other.goto(evil.url.replace('127.0.0.1', host))
    const [answer] = await Promise.all([other.waitForResponse(`${bff.url}/api/notes`), other.evaluate('document.forms[0].submit()')])
    t.equal(answer.status(), 403, `a form of ${host}`)
    t.match(await other.textContent('body'), 'FST_OAUTH_CROSS_SITE')
  }
  await page.click('#reload')
  await page.waitForLoadState('networkidle')
  t.equal(await page.locator('li').count(), before, 'nothing was written')

  await page.click('#logout')
  await page.click('button[name=logout]')
  await page.waitForSelector('#login:not([hidden])')
  t.strictSame(problems, [])
})
