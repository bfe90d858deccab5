// The demo in four processes behind one port, over a Redis of the test's own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { chromium } from 'playwright-core'
import t from 'tap'
import { findChromium, projectRoot } from '../fixtures/project.js'
import { RedisServer } from '../fixtures/redis-server.js'

interface Demo { url: string, close (): Promise<void> }

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const pictures = join(projectRoot, '.tap/screenshots')
const processes = 4
const importOf = (path: string) => import(pathToFileURL(join(projectRoot, path)).href)

t.setTimeout(180_000)

t.test('every process knows who is signed in, and each token is refreshed once, by one of them', async (t) => {
  const redis = await RedisServer.start(t)
  const redisUrl = `redis://127.0.0.1:${redis.port}`
  const { startDemo } = await importOf('examples/demo/app.js')
  const demo: Demo = await startDemo({ port: 0, accessTokenSeconds: 6, env: {}, quiet: true, processes, redisUrl })
  t.teardown(() => demo.close())
  const executablePath = await findChromium()
  if (executablePath === null) throw new Error('No Chromium is installed, and the demo is tested in a real browser: install the package chromium')
  const browser = await chromium.launch({ executablePath, args: flags })
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))

  await page.goto(demo.url)
  await page.click('a[href="/oauth/demo"]')
  await page.click('button[name=account][value=demo-user]')
  await page.click('button[value=allow]')
  await page.waitForSelector('[data-grant]')
  t.equal(await page.locator('[data-processes] li').count(), processes)

  // One connection after the other: each goes to the next process.
  const answers = await page.evaluate('(async () => { const all = []; for (let n = 0; n < 8; n++) all.push(await (await fetch("/grant?provider=demo")).json()); return all })()') as Array<{ account: string, processes: { servedBy: number } }>
  t.equal(new Set(answers.map(({ processes }) => processes.servedBy)).size, processes)
  t.equal(new Set(answers.map(({ account }) => account)).size, 1, 'and each knows who is signed in')

  const refreshes = async () => (await page.locator('[data-processes] [data-slot=count]').allTextContents()).reduce((sum, count) => sum + Number(count), 0)
  await page.waitForSelector('[data-countdown][data-phase=over]', { timeout: 30_000 })
  const before = await refreshes()
  // From many tabs at once, as it were.
  const statuses = await page.evaluate('Promise.all(Array.from({ length: 20 }, () => fetch("/api/notes", { headers: { accept: "application/json" } }).then(({ status }) => status)))')
  t.strictSame([...new Set(statuses as number[])], [200])
  await page.reload()
  t.equal(await refreshes(), before + 1)
  t.match(await page.textContent('[data-refreshes] li [data-slot=by]'), /by process [1-4]/)

  await page.click('[data-call] button')
  await page.waitForSelector('[data-log] li')
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, 'demo-processes.png'), fullPage: true })
  t.strictSame(problems, [])

  await demo.close()
  const client = new Redis(redisUrl)
  t.strictSame(await client.keys('*'), [], 'nothing is left in Redis')
  client.disconnect()
})

t.test('what the command line may say', async (t) => {
  const { readProcesses } = await importOf('examples/demo/app/process-options.js')
  const { answers, withoutPassword } = await importOf('examples/demo/processes.js')
  t.strictSame(readProcesses([], {}), { processes: 1, redisUrl: 'redis://127.0.0.1:6379' })
  t.strictSame(readProcesses(['--processes', '4'], { REDIS_URL: 'redis://cache:1' }), { processes: 4, redisUrl: 'redis://cache:1' })
  for (const args of [['--processes', '0'], ['--processes', '17'], ['--processes', 'four'], ['--processes=']]) t.throws(() => readProcesses(args, {}), /whole number from 1 to 16/)
  t.throws(() => readProcesses(['--workers'], {}), /takes one option/)
  t.throws(() => readProcesses([], { REDIS_URL: 'cache' }), /REDIS_URL/)
  t.equal(withoutPassword('redis://me:secret@cache:1/2'), 'redis://me@cache:1/2')
  const redis = await RedisServer.start(t)
  t.equal(await answers(`redis://127.0.0.1:${redis.port}`), true)
  await redis.kill()
  t.equal(await answers(`redis://127.0.0.1:${redis.port}`), false)
})
