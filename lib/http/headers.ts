// The headers of a dispatch, in every form in which undici takes them.
import type { Dispatcher } from 'undici'

export function isPresent (value: unknown): boolean {
  return value !== null && value !== undefined
}

/** Names and values, one pair for each line. undici takes an object, a flat list, or an iterable of pairs. */
export function pairsOf (headers: Dispatcher.DispatchOptions['headers']): Array<[string, string]> {
  if (headers === null || headers === undefined) return []
  const list = Symbol.iterator in headers ? [...headers as Iterable<unknown>] : Object.entries(headers)
  const pairs = Array.isArray(list[0]) || list.length === 0 ? list as Array<[string, unknown]> : pairUp(list as string[])
  return pairs.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).filter(isPresent).map((one): [string, string] => [String(name), String(one)]))
}

function pairUp (flat: string[]): Array<[string, unknown]> {
  return flat.flatMap((name, index): Array<[string, unknown]> => index % 2 === 0 ? [[name, flat[index + 1]]] : [])
}
