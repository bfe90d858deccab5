// Runs the candidates of one comparison, each in a process of its own, and prints their table.
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { withProcesses } from './processes.js'
import { columns, describe, interleave } from './rounds.js'

/**
 * @param candidates `{ label, args }`: what is passed to the module `app`, with the provider's issuer after it; the first is
 *   what the others are compared with
 * @param prepare `(browser, app) => object`: called once for each candidate; answers further columns
 * @param load `(browser, app) => …`: one batch of `size` units
 */
export async function compare ({ title, app: url, candidates, prepare, load, size, rounds, warmUp, profile, digits = 3 }) {
  await withProcesses(async start => {
    const issuer = await start(new URL('provider.js', import.meta.url)).ask('issuer')
    const browser = start(new URL('browser.js', import.meta.url))
    const apps = candidates.map(({ args }) => start(url, [...args, issuer]))
    const further = []
    for (const app of apps) {
      app.where = await app.ask('where')
      further.push(await prepare(browser, app.where))
    }
    const results = await interleave(apps, {
      rounds,
      warmUp,
      size,
      load: app => load(browser, app.where),
      warm: app => profile === undefined ? undefined : app.ask('startProfile')
    })
    if (profile !== undefined) {
      await mkdir(resolve(profile), { recursive: true })
      await Promise.all(apps.map((app, index) => app.ask('saveProfile', join(resolve(profile), `${[index, ...candidates[index].args].join('-')}.cpuprofile`))))
    }
    const names = Object.keys(further[0])
    console.log(`\n${title}`)
    printTable([
      ['', ...columns, ...names],
      ...results.map((result, index) => [candidates[index].label, ...describe(result, results[0], digits), ...names.map(name => further[index][name])])
    ])
  })
}

export function explainColumns () {
  console.log(`
ms     CPU time of the application's process for one, user and system, median of all rounds
ratio  that time divided by the first line's in the same round: median, least and greatest of all rounds
quiet  the same of the quietest tenth of the rounds: what else runs on the machine can only add to a time
young  the ratio in the first tenth of the warm-up, when little of the code was compiled yet`)
}

export function printTable (lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map(line => line[column].length)))
  for (const line of lines) {
    console.log('  ' + line.map((cell, column) => column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  ').trimEnd())
  }
}
