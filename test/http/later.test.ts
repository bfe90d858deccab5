// A dispatcher that is still being found out.
import t from 'tap'
import { MockAgent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { dispatcherLater } from '../../lib/http/later.js'

t.test('what it is given waits until it is found', async (t) => {
  const found = new MockAgent()
  found.disableNetConnect()
  found.get('https://api.example').intercept({ path: '/things' }).reply(200, 'things')
  let find: (dispatcher: Dispatcher) => void = () => {}
  const dispatcher = dispatcherLater(new Promise(resolve => { find = resolve }))
  const answer = request('https://api.example/things', { dispatcher })
  find(found)
  t.equal(await (await answer).body.text(), 'things')
})

t.test('where nothing is found, each call is told, and nobody else', async (t) => {
  const dispatcher = dispatcherLater(Promise.reject(new Error('no such tenant')))
  await new Promise(resolve => setImmediate(resolve))
  for (let call = 0; call < 2; call++) await t.rejects(request('https://api.example/', { dispatcher }), { message: 'no such tenant' })
})
