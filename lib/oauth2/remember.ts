// Maps that cannot grow without end.

/** What was set longest ago goes first. */
export function remember <V> (map: Map<string, V>, key: string, { value, atMost }: { value: V, atMost: number }): void {
  map.delete(key)
  for (const oldest of map.keys()) {
    if (map.size < atMost) break
    map.delete(oldest)
  }
  map.set(key, value)
}
