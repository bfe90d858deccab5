// What stores and refreshes cost: reading a fresh grant, many processes at one expired grant, refreshes per second, memory.
//   node bench/grants/index.js [--reads 2000] [--requests 500] [--processes 4] [--rounds 10] [--refreshes 1000] [--takes 50] [--grants 200000]
import { printTable } from '../kit/compare.js'
import { parseOptions } from '../kit/options.js'
import { withProcesses } from '../kit/processes.js'
import { startServers } from './servers.js'

const { reads, requests, processes, rounds, refreshes, takes, grants } = parseOptions({ reads: 2_000, requests: 500, processes: 4, rounds: 10, refreshes: 1_000, takes: 50, grants: 200_000 })
const tokenLengths = [400, 1_500]
const atOnce = 10_000

const servers = await startServers()
try {
  const stores = [{ label: 'memory, one process', address: { kind: 'memory' }, processes: 1 }, ...servers.map(server => ({ ...server, processes }))]
  const results = []
  for (const store of stores) results.push(await withProcesses(start => measure(store, start)))
  report(stores, results)
  await withProcesses(measureMemory)
} finally {
  await Promise.all(servers.map(({ stop }) => stop()))
}

async function measure ({ address, processes }, start) {
  const provider = start(new URL('provider.js', import.meta.url))
  const origin = await provider.ask('origin')
  const apps = Array.from({ length: processes }, () => start(new URL('app.js', import.meta.url), [JSON.stringify(address), origin]))
  return {
    alone: await measureReads(apps[0], 1),
    together: await measureReads(apps[0], 32),
    burst: await measureBurst(apps, provider),
    throughput: await measureRefreshes(apps, provider)
  }
}

async function measureReads (app, concurrency) {
  const owners = Array.from({ length: reads }, () => 'reader')
  await app.ask('grant', { owners: ['reader'], expiresIn: 3_600_000 })
  await app.ask('requests', { owners, concurrency })
  return app.ask('requests', { owners, concurrency })
}

async function measureBurst (apps, provider) {
  const owners = Array.from({ length: requests }, () => 'everybody')
  const found = { times: [], waits: [], posts: 0, failed: 0 }
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    await apps[0].ask('grant', { owners: ['everybody'], expiresIn: 0 })
    await provider.ask('begin', takes)
    const answers = await Promise.all(apps.map(app => app.ask('requests', { owners, concurrency: requests })))
    const waits = (await Promise.all(apps.map(app => app.ask('waits')))).flat()
    if (round === 0) continue
    found.posts += (await provider.ask('counted')).posts
    found.waits.push(...waits)
    found.times.push(...answers.flatMap(({ times }) => times))
    found.failed += answers.reduce((sum, { failed }) => sum + failed, 0)
  }
  return found
}

async function measureRefreshes (apps, provider) {
  const shares = apps.map((_, index) => Array.from({ length: Math.floor(refreshes / apps.length) }, (_, owner) => `${index}-${owner}`))
  let found
  for (const isWarmUp of [true, false]) {
    for (const [index, app] of apps.entries()) await app.ask('grant', { owners: shares[index], expiresIn: 0 })
    await provider.ask('begin', 0)
    const since = performance.now()
    const answers = await Promise.all(apps.map((app, index) => app.ask('requests', { owners: shares[index], concurrency: 32 })))
    const seconds = (performance.now() - since) / 1_000
    const { posts, refused } = await provider.ask('counted')
    const failed = refused + answers.reduce((sum, answer) => sum + answer.failed, 0)
    if (!isWarmUp) found = { seconds, posts, failed, times: answers.flatMap(({ times }) => times), cpu: answers.reduce((sum, { cpu }) => sum + cpu, 0) }
  }
  return found
}

function report (stores, results) {
  const rows = (cells) => results.map((result, index) => [stores[index].label, ...cells(result)])
  console.log(`\nA guarded request whose grant is fresh: ${reads} requests in one process, milliseconds`)
  printTable([
    ['', 'p50', 'p99', 'CPU', '32 at once: p50', 'p99', 'CPU'],
    ...rows(({ alone, together }) => [alone, together].flatMap(({ times, cpu, failed }) => [ms(part(times, 0.5)), ms(part(times, 0.99)), cell(failed, ms(cpu / reads))]))
  ])
  console.log(`\n${requests} requests at once in each process, all on one expired grant; the provider takes ${takes} ms; ${rounds} rounds`)
  printTable([
    ['', 'processes', 'rounds', 'POSTs', 'failed', 'p50', 'p99', 'lease waits', 'p50', 'p99'],
    ...rows(({ burst: { times, waits, posts, failed } }, index) => ['', rounds, posts, failed].map(String).concat([ms(part(times, 0.5)), ms(part(times, 0.99)), `${waits.length}`, ms(part(waits, 0.5)), ms(part(waits, 0.99))]))
      .map((row, index) => row.with(1, `${stores[index].processes}`))
  ])
  console.log('\nRefreshes, each of another owner, 32 at once in each process; the provider answers at once')
  printTable([
    ['', 'processes', 'POSTs', 'a second', 'p50', 'p99', 'CPU of one'],
    ...rows(({ throughput: { times, posts, failed, seconds, cpu } }) => ['', `${posts}`, cell(failed, (posts / seconds).toFixed(0)), ms(part(times, 0.5)), ms(part(times, 0.99)), ms(cpu / posts)])
      .map((row, index) => row.with(1, `${stores[index].processes}`))
  ])
}

async function measureMemory (start) {
  console.log(`\nMemory of MemoryGrantStore, measured with ${grants} grants`)
  const lines = []
  for (const tokenLength of tokenLengths) {
    const memory = start(new URL('memory.js', import.meta.url))
    // By parts: an answer takes a minute at most.
    for (let left = grants; left > 0; left -= atOnce) await memory.ask('add', { count: Math.min(left, atOnce), tokenLength })
    const bytes = await memory.ask('bytes')
    lines.push([`access tokens of ${tokenLength} characters`, `${bytes.toFixed(0)} bytes`, `${(bytes / 1_000).toFixed(2)} GB`])
  }
  printTable([['', 'one grant', 'a million grants'], ...lines])
}

function part (values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]
}

function ms (value) {
  return value === undefined ? '-' : value.toFixed(2)
}

function cell (failed, text) {
  return failed === 0 ? text : `${text} (${failed} failed)`
}
