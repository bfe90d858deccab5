// A clock that a test can set ahead.
import type { FakeClock } from '../../types/testing.js'

export function createClock (base: () => number = Date.now): FakeClock {
  let ahead = 0
  return Object.assign(() => base() + ahead, {
    advance (milliseconds: number) { ahead += milliseconds }
  })
}
