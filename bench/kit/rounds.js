// Interleaved rounds: every candidate does one batch in each round, and is compared with the reference of that round.

/**
 * Runs all rounds, those of the warm-up first, and answers for each candidate its CPU times, one a round, in milliseconds
 * for one unit of work, and their ratios to the first candidate's. `load(app)` makes one batch of `size` units.
 */
export async function interleave (apps, { rounds, size, load, warmUp, warm = async () => {} }) {
  const times = apps.map(() => [])
  for (let round = 0; round < warmUp + rounds; round++) {
    if (round === warmUp) for (const app of apps) await warm(app)
    for (const index of orderOf(apps.length, round)) {
      times[index].push(await cpuTime(apps[index], load) / size)
    }
  }
  return times.map(own => {
    const ratios = own.map((time, round) => time / times[0][round])
    return { times: own.slice(warmUp), ratios: ratios.slice(warmUp), youngRatios: ratios.slice(0, Math.ceil(warmUp / 10)) }
  })
}

// Another candidate begins each round, and every other round runs backwards: drift hits all alike.
function orderOf (length, round) {
  const order = Array.from({ length }, (_, index) => (index + (round >> 1)) % length)
  return round % 2 === 0 ? order : order.reverse()
}

// User and system time of the application's process, all its threads, in milliseconds.
async function cpuTime (app, load) {
  const before = await app.ask('usage')
  await load(app)
  const after = await app.ask('usage')
  return (after.user - before.user + after.system - before.system) / 1_000
}

function median (values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const columns = ['ms', 'ratio', 'min', 'max', 'quiet', 'young']

/** The cells of one candidate's row. */
export function describe ({ times, ratios, youngRatios }, reference, digits) {
  const quiet = quietest(times) / quietest(reference.times)
  return [median(times).toFixed(digits), ...[median(ratios), Math.min(...ratios), Math.max(...ratios), quiet, median(youngRatios)].map(ratio => ratio.toFixed(2))]
}

function quietest (times) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 10)]
}
