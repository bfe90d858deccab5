// Grants that are encrypted anew after a change of secret.
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import type { FaultyStore } from '../fixtures/grants.js'
import { errorOf, gate, hour, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const [old, next] = ['the old secret of at least 32 bytes', 'the next secret of at least 32 bytes']
const scannable = (store: FaultyStore) => Object.assign(store, { scan: () => store.inner.scan() })

async function start () {
  const before = startKeeper({ cipher: new Cipher([old]) })
  scannable(before.store)
  for (const owner of ['alice', 'bob', 'carol']) await before.login({ owner })
  return { before, during: before.another({ cipher: new Cipher([next, old]) }), after: before.another({ cipher: new Cipher([next]) }) }
}

t.test('every grant that an old secret encrypted is encrypted with the first one, and is otherwise as it was', async (t) => {
  const { during, after } = await start()
  t.equal(await during.keeper.rewrap(), 3)
  t.match(await after.keeper.find(alice), { accessToken: 'access-0', refreshToken: 'refresh-0', version: 2 })
  t.equal(await during.keeper.rewrap(), 0)
})

t.test('a refresh under way is waited for, and a grant whose key is gone is left alone', async (t) => {
  const { before, during, after } = await start()
  await before.another({ cipher: new Cipher(['a secret that is gone']) }).login({ owner: 'dave' })
  before.clock.now += hour
  const { opened, open } = gate()
  before.provider.before = () => opened
  const refreshing = before.keeper.fresh(before.provider, alice)
  await until(() => before.provider.sent.length === 1)
  const rewrapping = during.keeper.rewrap()
  open()
  t.match(await refreshing, { accessToken: 'access-1' })
  t.equal(await rewrapping, 3)
  t.match(await after.keeper.find(alice), { accessToken: 'access-1', refreshToken: 'refresh-1' })
  t.match(during.warnings, [{ message: /cannot be decrypted/ }])
})

t.test('a login that comes in between has encrypted it already', async (t) => {
  const { during, after } = await start()
  const { store } = during
  const puts = store.count('put')
  store.before = async method => {
    if (method !== 'put' || store.count('put') !== puts + 1) return
    store.before = () => {}
    await during.login({ owner: 'alice', tokens: { accessToken: 'of the login' } })
  }
  t.equal(await during.keeper.rewrap(), 2)
  t.match(await after.keeper.find(alice), { accessToken: 'of the login' })
})

t.test('a store without scan, or whose scan fails, is told', async (t) => {
  const { keeper } = startKeeper()
  t.match(await errorOf(keeper.rewrap()), { code: 'FST_OAUTH_STORE_FAILED', cause: { message: /has no scan/ } })
  const { store, keeper: another, login } = startKeeper()
  await login()
  Object.assign(store, { async * scan () { yield * store.inner.scan(); throw new Error('connection reset') } })
  t.match(await errorOf(another.rewrap()), { code: 'FST_OAUTH_STORE_FAILED', message: /list every grant/, cause: { message: 'connection reset' }, retryAfter: 1 })
})
