// The cookies of one browser at one application (RFC 6265): names and values, nothing of paths and hosts.

export class CookieJar {
  readonly #cookies: Map<string, string>

  constructor (cookies: Readonly<Record<string, string>> = {}) {
    this.#cookies = new Map(Object.entries(cookies))
  }

  /** Takes what an answer sets and clears. */
  store (setCookie: string | string[] | undefined): void {
    for (const line of [setCookie ?? []].flat()) {
      const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      if (attributes.some(isOver)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
  }

  toObject (): Record<string, string> {
    return Object.fromEntries(this.#cookies)
  }

  toHeader (): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }
}

function isOver (attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=')
  if (/^max-age$/i.test(name)) return Number(value) <= 0
  return /^expires$/i.test(name) && Date.parse(value) <= Date.now()
}
