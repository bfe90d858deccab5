// Forked processes that answer questions: one for the provider, one for the load, one for each application.
import { fork } from 'node:child_process'

const answerWithin = 60_000

/**
 * Starts a module as a process of its own. `ask(name, argument)` answers what the function of that name in it answers;
 * `stop()` ends it. It also ends by itself when this process does.
 */
export function start (url, args = []) {
  const child = fork(url, args)
  const waiting = new Map()
  const ended = new Promise(resolve => child.once('exit', resolve))
  let count = 0

  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id)
    if (error === undefined) resolve(value)
    else reject(new Error(error))
  })
  child.once('exit', code => {
    for (const { reject } of waiting.values()) reject(new Error(`A process of the benchmark ended with ${code}: ${url.pathname}`))
  })

  async function ask (name, argument) {
    const id = ++count
    let timer
    try {
      return await new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        timer = setTimeout(() => reject(new Error(`No answer to ${name} within ${answerWithin / 1_000} seconds`)), answerWithin)
        child.send({ id, name, argument }, error => error && reject(error))
      })
    } finally {
      clearTimeout(timer)
      waiting.delete(id)
    }
  }

  async function stop () {
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill(), 5_000)
    await ended
    clearTimeout(timer)
  }

  return { ask, stop }
}

/** In a started process: the functions that its parent may ask. */
export function answer (functions) {
  process.on('message', async ({ id, name, argument }) => {
    try {
      process.send({ id, value: await functions[name](argument) })
    } catch (error) {
      process.send({ id, error: error.stack })
    }
  })
  process.on('disconnect', () => process.exit())
}

/** Runs with a function that starts processes, and stops them all afterwards. */
export async function withProcesses (run) {
  const started = []
  try {
    return await run((...args) => {
      const one = start(...args)
      started.push(one)
      return one
    })
  } finally {
    await Promise.all(started.map(one => one.stop()))
  }
}
