// Secrets that must not be printed, whoever repeats them: a store's error, a config module, a provider.

const secretNames = /secret|token|passw|private|credential|api_?key|client_?key/i
// What looks like one, whatever its variable is called: made at random, and no path.
const opaque = /^((?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w+=~-][\w+/=~-]{15,}|[\da-f]{32,})$/
const secretOptions: ReadonlySet<string> = new Set(['secret', 'clientSecret', 'clientKey', 'clientCertKey', 'initialAccessToken'])
// What a variable that is not set becomes in a text.
const unset: ReadonlySet<string> = new Set(['undefined', 'null'])
const leastLength = 4

export class Secrets {
  readonly #values: readonly string[]

  constructor (values: Iterable<string>) {
    // The longest first: one may begin with another.
    this.#values = [...new Set(values)].filter(value => value.length >= leastLength && !unset.has(value)).sort((a, b) => b.length - a.length)
  }

  /** Values of variables whose names say so, or that look like it. */
  static ofEnvironment (env: Readonly<Record<string, string | undefined>>, more: readonly string[] = []): Secrets {
    const values = Object.entries(env).flatMap(([name, value]) => value !== undefined && (secretNames.test(name) || opaque.test(value)) ? [value] : [])
    return new Secrets([...values, ...more])
  }

  /** Those in options as somebody has written them, and in the environment. */
  static of (options: unknown, env: Readonly<Record<string, string | undefined>>): Secrets {
    return Secrets.ofEnvironment(env, [...secretsIn(options)])
  }

  /** The text without them, and without the passwords of addresses. */
  hide (text: string): string {
    let clean = text.replace(/\/\/[^\s/@]*@/g, '//...@')
    for (const value of this.#values) clean = clean.replaceAll(value, '[secret]')
    return clean
  }
}

function * secretsIn (value: unknown, isSecret = false, depth = 0): Generator<string> {
  if (typeof value === 'string' && isSecret) yield value
  if (typeof value !== 'object' || value === null || depth > 4) return
  if (value instanceof Uint8Array) {
    if (isSecret) yield * [Buffer.from(value).toString('utf8'), Buffer.from(value).toString('base64')]
    return
  }
  for (const [name, member] of Object.entries(value)) yield * secretsIn(member, isSecret || secretOptions.has(name), depth + 1)
}
