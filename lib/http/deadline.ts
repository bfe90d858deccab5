// The early end of a call: its deadline, or the caller's own signal.

/**
 * Settles as the work does, or with the signal's reason, whichever comes first. undici looks at a signal only once it is
 * connected: not while it waits for a signature, a free connection, a name or an address that does not answer.
 */
export async function orAborted <T> (work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (signal === null) return work
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason)
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}
