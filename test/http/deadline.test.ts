// A call ends with its work or with its signal.
import t from 'tap'
import { orAborted } from '../../lib/http/deadline.js'

t.test('without a signal the work decides', async (t) => {
  t.equal(await orAborted(Promise.resolve('done'), null), 'done')
  await t.rejects(orAborted(Promise.reject(new Error('failed')), null), { message: 'failed' })
})

t.test('with a signal that stays quiet the work decides, and the signal is left as it was', async (t) => {
  const { signal } = new AbortController()
  let listeners = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: unknown[]) => { listeners++; Reflect.apply(addEventListener, signal, args) }
  signal.removeEventListener = (...args: unknown[]) => { listeners--; Reflect.apply(removeEventListener, signal, args) }
  t.equal(await orAborted(Promise.resolve('done'), signal), 'done')
  await t.rejects(orAborted(Promise.reject(new Error('failed')), signal), { message: 'failed' })
  await Promise.resolve()
  t.equal(listeners, 0)
})

t.test('the reason of the signal ends it, whatever becomes of the work', async (t) => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const ended = orAborted(new Promise(() => {}), controller.signal)
  const failed = orAborted(new Promise((_resolve, reject) => { setImmediate(reject, new Error('too late')) }), controller.signal)
  controller.abort(reason)
  await t.rejects(ended, reason)
  await t.rejects(failed, reason)
  await t.rejects(orAborted(new Promise(() => {}), AbortSignal.abort(reason)), reason)
})
