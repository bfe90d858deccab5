// The demo as a person meets it, in a real browser.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import { findChromium, projectRoot } from '../fixtures/project.js'

interface Demo { url: string, providerUrl: string, close (): Promise<void> }

// Chromium as root in a container, with no errands of its own on the network.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const seconds = 6
const pictures = join(projectRoot, '.tap/screenshots')

t.setTimeout(120_000)

async function startDemo (): Promise<Demo> {
  const demo = await import(pathToFileURL(join(projectRoot, 'examples/demo/app.js')).href)
  return demo.startDemo({ port: 0, accessTokenSeconds: seconds, env: {}, quiet: true })
}

async function startBrowser (): Promise<Browser> {
  const executablePath = await findChromium()
  if (executablePath === null) throw new Error('No Chromium is installed, and the demo is tested in a real browser: install the package chromium')
  return chromium.launch({ executablePath, args: flags })
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
  const browser = await startBrowser()
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()) })

  await logIn(page, demo.url)
  t.match(await page.textContent('.person-name'), 'Demo User')
  t.match(await page.textContent('[data-slot=version]'), 'version 1')
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, 'demo-signed-in.png'), fullPage: true })

  await page.click('[data-call] button')
  await page.waitForSelector('[data-log] li')
  t.match(await page.textContent('[data-log] li [data-slot=status]'), '200')

  await page.waitForSelector('[data-countdown][data-phase=over]', { timeout: 30_000 })
  await page.click('[data-call] button')
  await page.waitForSelector('[data-refreshes] li')
  t.match(await page.textContent('[data-slot=version]'), 'version 3')

  await page.click('a[href="/write"]')
  await page.click('button[value=allow]')
  await page.waitForSelector('[data-write]')
  const content = await page.content()
  t.notMatch(content, /access_token|refresh_token|eyJ/, 'no token reaches the page')

  await page.click('text=Log out')
  await page.waitForSelector('a[href="/oauth/demo"]')
  t.notOk(await page.$('[data-grant]'))
  t.strictSame(problems, [], 'the page has no errors')
})

t.test('a refused login comes back with a notice', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startBrowser()
  t.teardown(() => browser.close())
  const page = await browser.newPage({ colorScheme: 'dark' })
  await page.goto(demo.url)
  await page.click('a[href="/oauth/demo"]')
  await page.click('button[name=account][value=demo-user]')
  await page.click('button[value=deny]')
  t.match(await page.textContent('[data-notice]'), 'You did not allow access')
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, 'demo-denied-dark.png'), fullPage: true })
})

t.test('two tabs that log in at once both come through', async (t) => {
  const demo = await startDemo()
  t.teardown(() => demo.close())
  const browser = await startBrowser()
  t.teardown(() => browser.close())
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
