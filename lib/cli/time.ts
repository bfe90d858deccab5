// No step of a command waits for ever.
import { Deadline } from '../http/deadline.js'
import { CommandFailure } from './surroundings.js'

/** Settles as the work does. Throws CommandFailure when the milliseconds are over. */
export async function withinTime <T> (work: Promise<T>, ms: number, what: string): Promise<T> {
  const deadline = new Deadline(ms)
  try {
    return await deadline.limit(work)
  } catch (error) {
    throw deadline.aborted ? new CommandFailure(`${what} within ${ms / 1_000} seconds`) : error
  }
}
