// The end of a dispatch that never began: it has no controller of undici's.
import type { Dispatcher } from 'undici'

export function stop (handler: Dispatcher.DispatchHandler, reason: Error): void {
  const nothing = () => {}
  handler.onResponseError?.({ aborted: true, paused: false, reason, abort: nothing, pause: nothing, resume: nothing }, reason)
}
