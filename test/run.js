// `npm test`: installs what is missing, then every check. Plain node, since it runs before anything is installed.
import { fileURLToPath } from 'node:url'
import { endCommands, npm, runCommand } from '../.ci/command.js'
import { ensureInstalled } from '../.ci/install.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const total = { passed: 0, failed: 0 }

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    endCommands()
    total.failed++
    console.log(`Stopped by ${signal}.`)
    end()
  })
}

try {
  console.log('== install')
  await ensureInstalled({ browser: true, python: true, redisServer: true })
  await step('build', [npm(['run', 'build'])])
  await step('lint', [npm(['run', 'lint'])])
  await step('types', [
    tool('typescript/bin/tsc', '-p', 'test'),
    tool('typescript/bin/tsc', '-p', 'examples')
  ])
  await tests('type tests', tool('tstyche/build/bin.js'), countTypeTests)
  await tests('tests', tool('tap/dist/esm/run.mjs', 'run', '--coverage-report=none', '--allow-incomplete-coverage'), countTests)
  await step('coverage', [tool('tap/dist/esm/run.mjs', 'report', 'text')])
} catch (error) {
  total.failed++
  console.log(error instanceof Error ? error.message : error)
}
end()

function end () {
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exit(total.failed > 0 ? 1 : 0)
}

function tool (path, ...args) {
  return [process.execPath, [`node_modules/${path}`, ...args]]
}

// A step counts as one, and its output matters only when it fails.
async function step (name, commands) {
  console.log(`== ${name}`)
  const results = []
  for (const [file, args] of commands) results.push(await runCommand(file, args))
  const ok = results.every((result) => result.ok)
  if (!ok) console.log(results.filter((result) => !result.ok).map((result) => result.output).join('\n'))
  total[ok ? 'passed' : 'failed']++
}

async function tests (name, [file, args], count) {
  console.log(`== ${name}`)
  const { ok, output } = await runCommand(file, args, {
    timeout: 30 * 60_000,
    env: { TSTYCHE_NO_COLOR: 'true', NO_COLOR: '1' },
    onOutput: (text) => process.stdout.write(text)
  })
  const { passed, failed } = count(output)
  total.passed += passed
  total.failed += failed
  // Ended in error without a failed test, or without any test at all: that is a failure too.
  if (failed === 0 && (!ok || passed === 0)) {
    total.failed++
    console.log(`${name}: ${ok ? 'nothing ran' : 'failed outside its assertions'}`)
  }
}

// From the last line of test/reporter.js.
function countTests (output) {
  const [, passed = 0, failed = 0] = /^# assertions: (\d+) ok, (\d+) not ok$/m.exec(output) ?? []
  return { passed: Number(passed), failed: Number(failed) }
}

// "Assertions: 1 failed, 2 passed, 3 total"; what was skipped or left to do did not pass.
function countTypeTests (output) {
  const line = /^Assertions:(.*)$/m.exec(output)?.[1] ?? ''
  const number = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0)
  return { passed: number('passed'), failed: number('failed') + number('skipped') + number('todo') }
}
