// A dispatcher that is still being found out: what it is given waits for it.
import { Dispatcher } from 'undici'
import { stop } from './stop.js'

export function dispatcherLater (found: Promise<Dispatcher>): Dispatcher {
  // Whoever dispatches is told.
  found.catch(() => {})
  return new Dispatcher().compose(() => (options, handler) => {
    found.then(dispatcher => dispatcher.dispatch(options, handler)).catch(error => stop(handler, error))
    return true
  })
}
