// Tokens that can be asked for again at any time: one request for all who need one, over all processes.
import t from 'tap'
import type { OAuthTokenSet } from '../../lib/index.js'
import { oauthError } from '../../lib/errors.js'
import { clientKey, exchangedKey, isObtained, subjectOf } from '../../lib/grants/obtained-key.js'
import type { WantedToken } from '../../lib/grants/obtained.js'
import { errorOf, failing, gate, hour, startKeeper, tokenSet, until } from '../fixtures/grants.js'
import type { TestKeeper } from '../fixtures/grants.js'

/** A token endpoint that counts what it issues, each for an hour. */
function issuer ({ clock }: Pick<TestKeeper, 'clock'>) {
  const issued = { count: 0, before: (): unknown => undefined, answer: {} as Partial<OAuthTokenSet> }
  const obtain = async () => {
    const number = ++issued.count
    await issued.before()
    return tokenSet({ accessToken: `token-${number}`, refreshToken: 'refresh-canary', scope: undefined, expiresAt: clock.now + hour, ...issued.answer })
  }
  const wanted = (given: Partial<WantedToken> = {}): WantedToken => ({ key: clientKey('billing', ['read']), provider: 'billing', madeFrom: 'client', scope: ['read'], obtain, ...given })
  return { issued, wanted }
}

t.test('a token is asked for once, and used until it ends', async (t) => {
  const parts = startKeeper()
  const { keeper: { obtained }, clock, store } = parts
  const { issued, wanted } = issuer(parts)
  const first = await obtained.fresh(wanted())
  t.match(first, { accessToken: 'token-1', tokenType: 'bearer', version: 1, expiresAt: clock.now + hour })
  t.strictSame(first.scope, ['read'], 'the scope asked for, where the answer names none')
  t.equal(first.refreshToken, undefined, 'no refresh token is kept')
  clock.now += hour - 60_001
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-1' })
  clock.now += 60_001
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-2', version: 2 })
  t.equal(issued.count, 2)
  issued.answer = { scope: ['other'], expiresAt: undefined }
  t.strictSame((await obtained.fresh(wanted({ key: clientKey('billing', ['other']) }))).scope, ['other'], 'another one under another key, with the scope that it was granted')
  const rows = await store.inner.list('client:billing')
  t.equal(rows.length, 2)
  t.notMatch(JSON.stringify(rows), /token-|canary/, 'and they are sealed')
})

t.test('many callers in two processes make one request', async (t) => {
  const parts = startKeeper()
  const other = parts.another()
  const { issued, wanted } = issuer(parts)
  const { opened, open } = gate()
  issued.before = () => opened
  const asking = [parts, other].flatMap(({ keeper }) => Array.from({ length: 500 }, () => keeper.obtained.fresh(wanted())))
  await until(() => issued.count === 1)
  open()
  const tokens = await Promise.all(asking)
  t.strictSame([...new Set(tokens.map(({ accessToken }) => accessToken))], ['token-1'])
  t.equal(issued.count, 1)

  parts.clock.now += hour
  const again = await Promise.all([parts, other].flatMap(({ keeper }) => Array.from({ length: 100 }, () => keeper.obtained.fresh(wanted()))))
  t.strictSame([...new Set(again.map(({ accessToken }) => accessToken))], ['token-2'], 'and one when it has expired')
})

t.test('beyond a bound callers are turned away', async (t) => {
  const parts = startKeeper()
  const { issued, wanted } = issuer(parts)
  const { opened, open } = gate()
  issued.before = () => opened
  const asking = Array.from({ length: 5_001 }, () => parts.keeper.obtained.fresh(wanted()))
  t.match(await errorOf(Promise.any(asking.slice(5_000))), { errors: [{ code: 'FST_OAUTH_GRANT_BUSY', retryAfter: 1 }] })
  open()
  t.equal((await Promise.all(asking.slice(0, 5_000))).length, 5_000)
  t.match(await parts.keeper.obtained.fresh(wanted()), { accessToken: 'token-1' }, 'then there is room again')
})

t.test('near its end a token is used, and the next one is asked for behind', async (t) => {
  const parts = startKeeper()
  const { keeper: { obtained }, clock, warnings } = parts
  const { issued, wanted } = issuer(parts)
  await obtained.fresh(wanted())
  clock.now += hour - 60_000
  const { opened, open } = gate()
  issued.before = () => opened
  const tokens = await Promise.all(Array.from({ length: 100 }, () => obtained.fresh(wanted())))
  t.strictSame([...new Set(tokens.map(({ accessToken }) => accessToken))], ['token-1'])
  const drained = obtained.drain()
  await until(() => issued.count === 2)
  open()
  await drained
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-2' })
  t.strictSame(warnings, [])
})

t.test('a request behind that fails is reported, and rests for a while', async (t) => {
  const parts = startKeeper()
  const { keeper, clock, warnings } = parts
  const { issued, wanted } = issuer(parts)
  await keeper.obtained.fresh(wanted())
  clock.now += hour - 60_000
  issued.before = () => { throw new Error('it is down') }
  for (let round = 0; round < 3; round++) {
    t.match(await keeper.obtained.fresh(wanted()), { accessToken: 'token-1' })
    await keeper.drain()
  }
  t.equal(issued.count, 2)
  t.match(warnings, [{ message: 'A token at billing could not be replaced ahead of its expiry', error: { message: 'it is down' } }])
  clock.now += 7_000
  issued.before = () => undefined
  await keeper.obtained.fresh(wanted())
  await keeper.drain()
  t.match(await keeper.obtained.fresh(wanted()), { accessToken: 'token-3' })
})

t.test('a token that is refused is replaced once for all', async (t) => {
  const parts = startKeeper()
  const { keeper: { obtained } } = parts
  const { issued, wanted } = issuer(parts)
  const refused = await obtained.fresh(wanted())
  const renewed = await Promise.all(Array.from({ length: 50 }, () => obtained.renew(wanted(), refused)))
  t.strictSame([...new Set(renewed.map(grant => grant?.accessToken))], ['token-2'])
  t.match(await obtained.renew(wanted(), refused), { accessToken: 'token-2' }, 'who comes late is given what there is')
  t.equal(issued.count, 2)
  issued.answer = { accessToken: 'token-2' }
  t.equal(await obtained.renew(wanted(), await obtained.fresh(wanted())), null, 'the same again is none')

  const { another } = parts
  const expired = await another().keeper.obtained.fresh(wanted())
  parts.clock.now += hour
  issued.answer = {}
  t.match(await obtained.renew(wanted(), { ...expired, accessToken: 'an older one' }), { accessToken: 'token-4' }, 'and so is one that has expired')
})

t.test('what was made from something else is none', async (t) => {
  const parts = startKeeper()
  const { keeper: { obtained } } = parts
  const { wanted } = issuer(parts)
  const refused = await obtained.fresh(wanted())
  t.match(await obtained.fresh(wanted({ madeFrom: 'login 2' })), { accessToken: 'token-2' })
  t.match(await obtained.renew(wanted(), refused), { accessToken: 'token-3' })
  const both = await Promise.all([obtained.fresh(wanted({ madeFrom: 'login 3' })), obtained.fresh(wanted({ madeFrom: 'login 4' }))])
  t.strictSame(both.map(({ accessToken }) => accessToken).sort(), ['token-4', 'token-5'], 'also at the same time')
})

t.test('a provider that keeps failing is left alone', async (t) => {
  const parts = startKeeper()
  const { keeper: { obtained }, clock } = parts
  const { issued, wanted } = issuer(parts)
  issued.before = () => { throw oauthError('FST_OAUTH_PROVIDER_UNAVAILABLE', ['billing', 503]) }
  for (let count = 0; count < 5; count++) t.match(await errorOf(obtained.fresh(wanted())), { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' })
  t.match(await errorOf(obtained.fresh(wanted())), { code: 'FST_OAUTH_PROVIDER_RESTING', retryAfter: 2 })
  t.equal(issued.count, 5)
  clock.now += 2_000
  issued.before = () => undefined
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-6' }, 'and asked again')
})

t.test('a token that cannot be stored serves its callers', async (t) => {
  const parts = startKeeper()
  const { keeper: { obtained }, store, warnings } = parts
  const { issued, wanted } = issuer(parts)
  store.before = failing('put')
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-1' })
  t.match(warnings, [{ message: 'A token at billing could not be stored', error: { code: 'FST_OAUTH_STORE_FAILED' } }])
  store.before = () => {}
  issued.before = async () => {
    issued.before = () => undefined
    const grant = await parts.another({ leaseTime: 1 }).keeper.obtained.fresh(wanted({ key: clientKey('billing', ['other']) }))
    await store.inner.put({ ...wanted().key, authorizedAt: 0, refreshing: null, sealed: 'of another', }, 0)
    return grant
  }
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-2' }, 'also where something else was stored meanwhile')
  t.match(await store.inner.get(wanted().key), { sealed: 'of another' })
  t.match(await obtained.fresh(wanted()), { accessToken: 'token-4' }, 'and what cannot be opened is replaced')
})

t.test('a store that cannot be reached is said, and nothing is asked for', async (t) => {
  const parts = startKeeper()
  const { issued, wanted } = issuer(parts)
  parts.store.before = failing('get')
  t.match(await errorOf(parts.keeper.obtained.fresh(wanted())), { code: 'FST_OAUTH_STORE_FAILED' })
  t.equal(issued.count, 0)
})

t.test('no grant has the key of such a token, and no list has the token', async (t) => {
  const parts = startKeeper()
  const { keeper } = parts
  const { wanted } = issuer(parts)
  const token = await keeper.obtained.fresh(wanted())
  await keeper.obtained.fresh(wanted({ key: exchangedKey({ owner: 'alice', provider: 'test', account: 'default' }, []), madeFrom: 'login 1' }))
  for (const owner of ['client:billing', 'alice']) {
    t.strictSame(await keeper.list(owner), [])
    for (const provider of ['billing', 'test']) {
      t.equal(await keeper.find({ owner, provider }), null)
      t.equal(await keeper.find({ owner, provider, account: token.account }), null)
      t.equal(await keeper.fresh(parts.provider, { owner, provider }), null)
      t.equal(await keeper.remove({ owner, provider }), null)
    }
  }
  await parts.login({ owner: 'client:billing', provider: 'billing', account: token.account })
  t.match(await keeper.obtained.fresh(wanted()), { accessToken: 'token-1' }, 'a login does not replace it')
  t.match(await keeper.list('client:billing'), [{ provider: 'billing', accessToken: 'access-0' }])
  for (const name of ['github', 'a.b-c_d', '0']) t.equal(isObtained({ owner: 'client:x', provider: name, account: 'exchanged:x' }), false)
})

t.test('exchanged tokens go with their grant', async (t) => {
  const parts = startKeeper()
  const { keeper, store, login, warnings } = parts
  const { issued, wanted } = issuer(parts)
  const keyFor = (account: string, what: string, owner = 'alice') => exchangedKey({ owner, provider: 'test', account }, [what])
  const count = async (owner: string) => (await store.inner.list(owner)).filter(isObtained).length
  const exchange = async () => {
    for (const account of ['one', 'two']) {
      await login({ account })
      for (const what of ['a', 'b']) await keeper.obtained.fresh(wanted({ key: keyFor(account, what), madeFrom: 'login' }))
    }
  }
  await exchange()
  t.equal(await count('alice'), 4)
  t.equal(subjectOf(keyFor('one', 'a')), 'one')
  await keeper.remove({ owner: 'alice', provider: 'test', account: 'one' })
  t.strictSame((await store.inner.list('alice')).filter(isObtained).map(subjectOf), ['two', 'two'], 'when it is revoked')
  await exchange()
  await keeper.move('alice', 'bob')
  t.equal(await count('alice'), 0, 'when it moves')
  t.equal(await count('bob'), 0)
  t.equal((await keeper.list('bob')).length, 2)

  await exchange()
  store.before = failing('list')
  await keeper.remove({ owner: 'alice', provider: 'test', account: 'one' })
  store.before = () => {}
  await keeper.remove({ owner: 'alice', provider: 'test', account: 'two' })
  t.equal(await keeper.find({ owner: 'alice', provider: 'test' }), null, 'a store that fails then keeps no grant from going')
  t.equal(await count('alice'), 2)
  await login()
  store.before = method => { if (method === 'delete' && store.count('delete') % 2 === 0) throw new Error('it is down') }
  await keeper.obtained.drop(await store.inner.list('alice'))
  t.equal(await count('alice'), 1)
  t.match(warnings.map(({ message }) => message), [/could not be found/, /could not be removed/])
  t.equal((await keeper.list('alice')).length, 1, 'and no grant is dropped with them')
  t.ok(issued.count > 0)
})

t.test('they are encrypted anew with the grants', async (t) => {
  const parts = startKeeper()
  const { wanted, issued } = issuer(parts)
  await parts.keeper.obtained.fresh(wanted())
  const { Cipher } = await import('../../lib/grants/cipher.js')
  const { store, clock } = parts
  const old = new Cipher(['an old secret of at least 32 bytes'])
  const both = new Cipher(['a new secret of at least 32 bytes!', 'an old secret of at least 32 bytes'])
  await startKeeper({ cipher: old }, { store, clock }).keeper.obtained.fresh(wanted({ key: clientKey('billing', ['old']) }))
  t.equal(await startKeeper({ cipher: both, store: store.inner }, { clock }).keeper.rewrap(), 1, 'what neither opens is passed over')
  const { keeper } = startKeeper({ cipher: new Cipher(['a new secret of at least 32 bytes!']) }, { store, clock })
  t.match(await keeper.obtained.fresh(wanted({ key: clientKey('billing', ['old']) })), { accessToken: 'token-2' })
  t.equal(issued.count, 2)
})
