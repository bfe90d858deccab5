// The load, in a process of its own: logins as a browser does them, and plain requests.
import { Agent, request } from 'undici'
import { answer } from './processes.js'

const dispatcher = new Agent({ connections: 32 })

class Browser {
  #cookies = new Map()

  async get (url) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }) }
    const { statusCode, headers: { location, 'set-cookie': set = [] }, body } = await request(url, { dispatcher, headers })
    for (const one of [set].flat()) this.#keep(one)
    return { status: statusCode, location: location === undefined ? undefined : new URL(location, url).href, text: await body.text() }
  }

  has (name) {
    return this.#cookies.has(name)
  }

  #keep (line) {
    const [pair, ...attributes] = line.split(';')
    const [name, value] = pair.split('=', 2)
    if (value === '' || attributes.some(one => /^ *(max-age=0|expires=thu, 01 jan 1970)/i.test(one))) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}

// One login: login route, provider, callback. `forge` has the provider, or this browser, put something wrong into it.
async function login ({ origin, loginPath }, forge) {
  const browser = new Browser()
  const started = await browser.get(origin + loginPath)
  if (started.location === undefined) throw new Error(`The login route answered ${started.status}: ${started.text}`)
  const granted = await browser.get(forge === undefined ? started.location : `${started.location}&forge=${forge}`)
  const callback = new URL(granted.location)
  if (forge === 'state') callback.searchParams.set('state', 'another')
  const ended = await browser.get(callback)
  const isIn = (ended.status === 302 || ended.status === 303) && ended.location === `${origin}/` && browser.has('sessionId')
  return { browser, isIn, ended }
}

async function loginOnce (app) {
  const { browser, isIn, ended } = await login(app)
  if (!isIn) throw new Error(`The callback answered ${ended.status} ${ended.location}: ${ended.text}`)
  return browser
}

// Makes `count` runs of a function, `concurrency` at a time.
async function repeat (count, concurrency, run) {
  let left = count
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (left-- > 0) await run()
  }))
}

const signedIn = new Map()

answer({
  /** What becomes of one login that is in order, and of those that are not. */
  async probe (app) {
    const { text } = await (await loginOnce(app)).get(`${app.origin}/me`)
    if (JSON.parse(text).accessToken !== 43) throw new Error(`No access token is kept: ${text}`)
    const found = {}
    for (const forge of app.isOpenId ? ['state', 'nonce', 'signature'] : ['state']) {
      found[`forged ${forge}`] = (await login(app, forge)).isIn ? 'accepts' : 'refuses'
    }
    return found
  },

  async logins ({ app, count, concurrency }) {
    await repeat(count, concurrency, () => loginOnce(app))
  },

  /** Logs one browser in for the requests that follow. */
  async signIn (app) {
    signedIn.set(app.origin, await loginOnce(app))
  },

  async requests ({ app, path, expected, count, concurrency }) {
    const browser = signedIn.get(app.origin) ?? new Browser()
    await repeat(count, concurrency, async () => {
      const { status, text } = await browser.get(app.origin + path)
      if (status !== 200 || text !== expected) throw new Error(`${path} answered ${status}: ${text}`)
    })
  }
})
