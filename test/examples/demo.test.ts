// The demo as a person meets it, in a real browser.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Page } from 'playwright-core'
import t from 'tap'
import { picture, startChromium } from '../fixtures/chromium.js'
import { projectRoot } from '../fixtures/project.js'

interface Demo { url: string, providerUrl: string, close (): Promise<void> }

const seconds = 6

t.setTimeout(120_000)

const example = (path: string) => import(pathToFileURL(join(projectRoot, 'examples/demo', path)).href)

async function startDemo (env = {}): Promise<Demo> {
  const { startDemo } = await example('app.js')
  return startDemo({ port: 0, accessTokenSeconds: seconds, env, quiet: true })
}

async function logIn (page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.click('a[href="/oauth/demo"]')
  await page.click('button[name=account][value=demo-user]')
  await page.click('button[value=allow]')
  await page.waitForSelector('[data-grant]')
}

t.test('log in, call the API, watch a refresh, ask for more, log out', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startChromium(t)
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()) })

  await logIn(page, demo.url)
  t.match(await page.textContent('.person-name'), 'Demo User')
  t.match(await page.textContent('[data-slot=version]'), 'version 1')
  await picture(page, 'demo-signed-in')

  await page.click('[data-call] button')
  await page.waitForSelector('[data-log] li')
  t.match(await page.textContent('[data-log] li [data-slot=status]'), '200')

  await page.waitForSelector('[data-countdown][data-phase=over]', { timeout: 30_000 })
  await page.click('[data-call] button')
  await page.waitForSelector('[data-refreshes] li')
  // Its mark, then its tokens.
  t.match(await page.textContent('[data-slot=version]'), 'version 3')

  await page.click('a[href="/write"]')
  await page.click('button[value=allow]')
  await page.waitForSelector('[data-write]')
  const content = await page.content()
  t.notMatch(content, /access_token|refresh_token|eyJ/, 'no token reaches the page')

  await page.click('text=Log out')
  await page.waitForSelector('text=Sign out of Demo ID?')
  await page.click('button[name=logout]')
  await page.waitForSelector('a[href="/oauth/demo"]')
  t.equal(new URL(page.url()).pathname, '/')
  t.notOk(await page.$('[data-grant]'))
  await page.click('a[href="/oauth/demo"]')
  await page.waitForSelector('button[name=account]')
  t.strictSame(problems, [], 'the page has no errors')
})

t.test('the plugin\'s own sign-in page: every link in reach of the keyboard, no script, no error, and a login from it', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startChromium(t)
  const page = await browser.newPage({ javaScriptEnabled: false, colorScheme: 'dark' })
  const problems: string[] = []
  // The page names no icon: browsers take the application's, and the demo has none at that address.
  page.on('console', message => { if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) problems.push(message.text()) })
  await page.goto(demo.url)
  await page.click('a[href="/oauth"]')
  t.strictSame(await page.getByRole('link').allInnerTexts(), ['DI\nContinue with Demo ID', 'PI\nContinue with Photo ID'])
  await picture(page, 'demo-sign-in')
  await page.emulateMedia({ colorScheme: 'light' })
  await picture(page, 'demo-sign-in-light')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.click('button[value=login]')
  await page.click('button[value=allow]')
  await page.waitForSelector('[data-grant]')
  t.equal(await page.getAttribute('[data-grant]', 'data-provider'), 'photos')
  t.strictSame(problems, [])
})

t.test('a login at the OAuth 1.0a provider, beside the other, and a signed call', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startChromium(t)
  const page = await browser.newPage()
  await logIn(page, demo.url)
  await page.click('a[href="/oauth/photos"]')
  await page.click('button[value=login]')
  await picture(page, 'demo-photos-consent')
  await page.click('button[value=allow]')
  await page.waitForSelector('[data-grant]')
  t.match(await page.textContent('.person-name'), 'Photo User')
  t.equal(await page.getAttribute('[data-grant]', 'data-provider'), 'photos')
  await page.click('[data-call] button')
  await page.waitForSelector('[data-log] li')
  t.match(await page.textContent('[data-log] li [data-slot=status]'), '200')
  t.match(await page.textContent('[data-log] li [data-slot=body]'), 'Looms')
  await picture(page, 'demo-photos')
  t.match(await page.textContent('.others'), 'Show Demo ID')
})

t.test('the OpenAPI document says what each route needs, on a page whose policy lets nothing else in', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const { valid, errors } = await new Validator().validate(await (await fetch(`${demo.url}/docs/json`)).json() as Record<string, unknown>)
  t.equal(valid, true, JSON.stringify(errors))
  const browser = await startChromium(t)
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()) })
  await page.goto(`${demo.url}/docs`)
  await page.waitForSelector('.opblock')
  t.ok(await page.locator('.opblock .authorization__btn').count(), 'guarded routes have a lock')
  await picture(page, 'demo-docs')
  await page.click('.btn.authorize')
  await page.waitForSelector('.auth-container')
  await picture(page, 'demo-docs-schemes')
  t.match(await page.textContent('.modal-ux'), 'openid-configuration')
  t.strictSame(problems, [])
})

t.test('a refused login comes back with a notice', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startChromium(t)
  const page = await browser.newPage({ colorScheme: 'dark' })
  await page.goto(demo.url)
  await page.click('a[href="/oauth/demo"]')
  await page.click('button[name=account][value=demo-user]')
  await page.click('button[value=deny]')
  t.match(await page.textContent('[data-notice]'), 'You did not allow access')
  await picture(page, 'demo-denied-dark')
})

t.test('two tabs that log in at once both come through', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startChromium(t)
  const context = await browser.newContext()
  const tabs = [await context.newPage(), await context.newPage()]
  for (const tab of tabs) await tab.goto(`${demo.url}/oauth/demo`)
  for (const tab of tabs) {
    await tab.click('button[name=account][value=demo-user]').catch(() => {})
    await tab.click('button[value=allow]', { timeout: 5_000 }).catch(() => {})
    await tab.waitForSelector('[data-grant]')
  }
  for (const tab of tabs) {
    await tab.goto(demo.url)
    t.match(await tab.textContent('.person-name'), 'Demo User')
  }
})

t.test('providers of the catalogue join by variables of their names', async (t) => {
  const { readKnownProviders } = await example('app/providers.js')
  const credentials = (name: string) => ({ [`${name}_CLIENT_ID`]: 'id', [`${name}_CLIENT_SECRET`]: 'secret' })
  const env = { ...credentials('GITHUB'), ...credentials('SPOTIFY'), ...credentials('AUTH0'), AUTH0_DOMAIN: 'one.example', LICHESS_CLIENT_ID: 'id', ...credentials('OKTA'), GITLAB_CLIENT_ID: 'id', DISCORD_CLIENT_SECRET: 'secret', ...credentials('APPLE'), ...credentials('UNKNOWN') }
  const { options, endpoints, incomplete } = readKnownProviders(env, 'http://localhost:3000')
  t.strictSame(Object.keys(options), ['auth0', 'github', 'lichess', 'spotify'])
  t.match(options.spotify, { callbackUrl: 'http://127.0.0.1:3000/oauth/spotify/callback' })
  t.match(endpoints, [{ issuer: 'https://one.example/' }, { authorizeUrl: 'https://github.com/login/oauth/authorize' }])
  t.strictSame(incomplete, [
    'Apple is left out: it wants a key, and this demo has secrets alone.',
    'Discord is left out: DISCORD_CLIENT_ID must be set too.',
    'GitLab is left out: GITLAB_CLIENT_SECRET must be set too.',
    'Okta is left out: OKTA_DOMAIN must be set too.'
  ])

  const demo = await startDemo(env)
  t.teardown(() => demo.close())
  const home = await fetch(demo.url)
  t.match(home.headers.get('content-security-policy'), /form-action 'self'.* https:\/\/one\.example https:\/\/github\.com/)
  const page = await home.text()
  for (const title of ['Auth0', 'GitHub', 'Lichess', 'Spotify']) t.match(page, title)
  const start = await fetch(`${demo.url}/oauth/github`, { redirect: 'manual' })
  t.match(start.headers.get('location'), /^https:\/\/github\.com\/login\/oauth\/authorize\?.*client_id=id/)
})
