// Runs one command to its end: a time limit, its output kept, and nothing of it left running.
import { spawn } from 'node:child_process'

const minute = 60_000
const running = new Set()

/**
 * @param {string} file
 * @param {string[]} args
 * @param {{ timeout?: number, onOutput?: (text: string) => void, env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function runCommand (file, args, { timeout = 10 * minute, onOutput, env, cwd } = {}) {
  return new Promise((resolve) => {
    const parts = []
    const keep = (text) => {
      parts.push(text)
      onOutput?.(text)
    }
    // A group of its own, so that what the command started can be ended with it.
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32'
    })
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)

    const timer = setTimeout(() => {
      keep(`\nStopped after ${Math.round(timeout / 1000)} seconds: ${file} ${args.join(' ')}\n`)
      endGroup(child, 'SIGTERM')
      setTimeout(endGroup, 5000, child, 'SIGKILL').unref()
    }, timeout)

    const done = (ok) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ ok, output: parts.join('') })
    }
    child.on('error', (error) => {
      keep(`${file}: ${error.message}\n`)
      done(false)
    })
    child.on('exit', (code) => {
      // A process left behind in the group would hold the pipes open for ever.
      const leftovers = setTimeout(() => {
        endGroup(child, 'SIGKILL')
        child.stdout.destroy()
        child.stderr.destroy()
      }, 2000)
      child.on('close', () => {
        clearTimeout(leftovers)
        endGroup(child, 'SIGKILL')
        done(code === 0)
      })
    })
  })
}

/** Ends whatever is still running; for a run that is itself being stopped. */
export function endCommands () {
  for (const child of running) endGroup(child, 'SIGKILL')
}

/** npm by the same node that runs now, where npm started it. */
export function npm (args) {
  const cli = process.env.npm_execpath
  return cli?.endsWith('.js') ? [process.execPath, [cli, ...args]] : ['npm', args]
}

function endGroup (child, signal) {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // Already gone.
  }
}
