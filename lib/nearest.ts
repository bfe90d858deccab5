// Names that somebody may have meant.

/** Those known names that are nearest to a name, by Levenshtein's distance. */
export function nearest (name: string, known: readonly string[]): Array<{ one: string, away: number }> {
  return known.map(one => ({ one, away: distance(one, name.slice(0, 64)) })).sort((a, b) => a.away - b.away).slice(0, 3)
}

function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
