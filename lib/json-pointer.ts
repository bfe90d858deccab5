// JSON pointers (RFC 6901): where a declared provider's answers hold what is looked for.

/** What a pointer leads to; undefined where it leads nowhere. */
export function valueAt (value: unknown, pointer: string): unknown {
  let at = value
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = Reflect.get(at, name)
  }
  return at
}
