// The parameters of a callback (RFC 6749 section 4.1.2) where a provider names them otherwise, or adds some that count.

/** The callback in standard names. `names` leads from those to the provider's. */
export function standardCallback (callback: URLSearchParams, names: Record<string, string> = {}): URLSearchParams {
  const standard = new Map(Object.entries(names).map(([name, theirs]) => [theirs, name]))
  return standard.size === 0 ? callback : new URLSearchParams([...callback].map(([name, value]): [string, string] => [standard.get(name) ?? name, value]))
}

/** Those of these names that are there. */
export function pick (callback: URLSearchParams, names: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(names.flatMap(name => callback.has(name) ? [[name, String(callback.get(name))]] : []))
}
