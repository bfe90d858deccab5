// Sessions that providers end (OpenID Connect Back-Channel Logout 1.0): which grants go, whatever else happens meanwhile.
import t from 'tap'
import type { OAuthGrant, OAuthGrantChange, OAuthProviderSession } from '../../types/grant.js'
import type { EndedSession } from '../../lib/grants/session-keys.js'
import { errorOf, failing, gate, hour, startKeeper, tokenSet, until } from '../fixtures/grants.js'
import type { TestKeeper } from '../fixtures/grants.js'

const issuer = 'https://provider.example'
const start = 1_750_000_000

function session (given: Partial<OAuthProviderSession> = {}): OAuthProviderSession {
  return { issuer, subject: 'user-1', sid: 'session-1', since: start, ...given }
}

function ended (given: Partial<EndedSession> = {}): EndedSession {
  return { provider: 'test', issuer, sid: 'session-1', subject: 'user-1', endedAt: start + 60, ...given }
}

async function logIn ({ keeper, clock }: TestKeeper, owner: string, given: Partial<OAuthProviderSession> = {}, provider = 'test'): Promise<OAuthGrant> {
  return keeper.save({ owner, provider, account: 'user-1', subject: 'user-1', requestedScope: [], tokens: tokenSet({ expiresAt: clock.now + hour }), session: session(given) })
}

async function ownersLeft ({ keeper }: TestKeeper, ...owners: string[]): Promise<string> {
  const lists = await Promise.all(owners.map(owner => keeper.list(owner)))
  return lists.flat().map(({ owner }) => owner).join(' ')
}

/** What is stored besides grants. */
async function notes ({ store }: TestKeeper): Promise<number> {
  let count = 0
  for await (const { provider } of store.inner.scan()) if (/^(session|ended):/.test(provider)) count++
  return count
}

t.test('a session id ends that session alone; a subject ends all, until then', async (t) => {
  const parts = startKeeper()
  await logIn(parts, 'one')
  await logIn(parts, 'two', { sid: 'session-2' })
  await logIn(parts, 'three', { sid: 'session-3', subject: 'user-3' })
  await logIn(parts, 'four', { sid: 'session-4', since: start + 61 })
  const { keeper } = parts
  const gone = await keeper.sessions.end(ended())
  t.match(gone, [{ owner: 'one', accessToken: 'access-0', status: 'revoked' }].map(({ status, ...rest }) => rest))
  t.equal(gone.length, 1)
  t.equal(await ownersLeft(parts, 'one', 'two', 'three', 'four'), 'two three four')
  t.strictSame(await keeper.sessions.end(ended()), [], 'again')
  await keeper.sessions.end(ended({ sid: undefined }))
  t.equal(await ownersLeft(parts, 'one', 'two', 'three', 'four'), 'three four', 'the later login stays')
  t.same(await keeper.sessions.end(ended({ sid: 'session-3', subject: 'user-1' })), [], 'a session of another subject')
  await keeper.sessions.end(ended({ sid: 'session-3', subject: undefined }))
  t.equal(await ownersLeft(parts, 'one', 'two', 'three', 'four'), 'four')
})

t.test('sessions that the provider told no id of end with their subject', async (t) => {
  const parts = startKeeper()
  await logIn(parts, 'one', { sid: undefined })
  await logIn(parts, 'two', { sid: undefined, since: start + 61 })
  await logIn(parts, 'three', { sid: 'session-3' })
  await parts.keeper.sessions.end(ended({ sid: 'session-9' }))
  t.equal(await ownersLeft(parts, 'one', 'two', 'three'), 'two three')
})

t.test('sessions of other providers and issuers', async (t) => {
  const parts = startKeeper()
  await logIn(parts, 'one', {}, 'other')
  await logIn(parts, 'two', { issuer: 'https://tenant.example' })
  await parts.keeper.sessions.end(ended())
  await parts.keeper.sessions.end(ended({ sid: undefined }))
  t.equal(await ownersLeft(parts, 'one', 'two'), 'one two')
})

t.test('another process on the same store, and what is told of it', async (t) => {
  const parts = startKeeper()
  await logIn(parts, 'one')
  const changes: OAuthGrantChange[] = []
  const there = parts.another({ onChange: change => { changes.push(change) } })
  await there.keeper.sessions.end(ended())
  t.equal(await parts.keeper.fresh(parts.provider, { owner: 'one', provider: 'test' }), null)
  await until(() => changes.length > 0)
  t.match(changes, [{ type: 'logged_out', grant: { owner: 'one', status: 'revoked' } }])
})

t.test('reading a grant asks nothing more, and grants of other providers are not noted', async (t) => {
  const parts = startKeeper()
  await logIn(parts, 'one')
  parts.store.calls.length = 0
  await parts.keeper.fresh(parts.provider, { owner: 'one', provider: 'test', account: 'user-1' })
  t.strictSame(parts.store.calls, ['get'])
  parts.store.calls.length = 0
  await parts.login()
  t.strictSame(parts.store.calls, ['get', 'put'])
})

t.test('a refreshed grant, and one that was moved, end too', async (t) => {
  const parts = startKeeper()
  const { keeper, clock, provider, store } = parts
  await logIn(parts, 'one')
  clock.now += hour
  await keeper.fresh(provider, { owner: 'one', provider: 'test' })
  await until(() => store.count('put') >= 7)
  await keeper.move('one', 'two')
  t.equal(await notes(parts), 2, 'nothing is left of the old owner')
  await keeper.sessions.end(ended({ endedAt: start + 3_660 }))
  t.equal(await ownersLeft(parts, 'one', 'two'), '')
  t.equal(await notes(parts), 2, 'marks alone')
})

t.test('a refresh under way brings nothing back', async (t) => {
  const parts = startKeeper()
  const { keeper, clock, provider } = parts
  await logIn(parts, 'one')
  clock.now += hour
  const { opened, open } = gate()
  provider.before = () => opened
  const fresh = keeper.fresh(provider, { owner: 'one', provider: 'test' })
  await until(() => provider.sent.length === 1)
  await keeper.sessions.end(ended())
  open()
  t.equal(await fresh, null)
  t.equal(await ownersLeft(parts, 'one'), '')
})

t.test('a login that was under way with an ended session does not survive it', async (t) => {
  const parts = startKeeper()
  const { keeper } = parts
  await keeper.sessions.end(ended())
  t.match(await errorOf(logIn(parts, 'one')), { code: 'FST_OAUTH_LOGGED_OUT', statusCode: 403 })
  t.match(await errorOf(logIn(parts, 'two', { sid: undefined })), { code: 'FST_OAUTH_LOGGED_OUT' })
  await logIn(parts, 'three', { sid: 'session-3' })
  await logIn(parts, 'four', { sid: undefined, since: start + 61 })
  t.equal(await ownersLeft(parts, 'one', 'two', 'three', 'four'), 'three four')

  await keeper.sessions.end(ended({ sid: undefined, endedAt: start + 70 }))
  t.match(await errorOf(logIn(parts, 'five', { sid: 'session-5', since: start + 70 })), { code: 'FST_OAUTH_LOGGED_OUT' }, 'in the same second')
  await keeper.sessions.end(ended({ sid: undefined, endedAt: start + 65 }))
  t.match(await errorOf(logIn(parts, 'five', { sid: 'session-5', since: start + 70 })), { code: 'FST_OAUTH_LOGGED_OUT' }, 'the latest counts')
  await logIn(parts, 'six', { sid: 'session-6', since: start + 71 })
  t.equal(await ownersLeft(parts, 'five', 'six'), 'six')
})

t.test('a logout at any moment of a login, and of a move', async (t) => {
  for (let step = 0; step < 12; step++) {
    const parts = startKeeper()
    const { keeper, store } = parts
    let calls = 0
    const logoutAt = async () => {
      if (calls++ !== step) return
      await parts.another().keeper.sessions.end(ended())
    }
    store.before = logoutAt
    await logIn(parts, 'one').catch(error => t.match(error, { code: 'FST_OAUTH_LOGGED_OUT' }))
    if (calls <= step) await keeper.sessions.end(ended())
    t.equal(await ownersLeft(parts, 'one'), '', `login, step ${step}`)
  }
  for (let step = 0; step < 20; step++) {
    const parts = startKeeper()
    const { keeper, store } = parts
    await logIn(parts, 'one')
    let calls = 0
    store.before = async () => {
      if (calls++ === step) await parts.another().keeper.sessions.end(ended())
    }
    await keeper.move('one', 'two')
    store.before = () => {}
    if (calls <= step) await keeper.sessions.end(ended())
    t.equal(await ownersLeft(parts, 'one', 'two'), '', `move, step ${step}`)
  }
})

t.test('a later login of the same owner', async (t) => {
  const parts = startKeeper()
  const { keeper, clock } = parts
  await logIn(parts, 'one')
  clock.now += 1_000
  await logIn(parts, 'one', { sid: 'session-2', since: start + 1 })
  t.equal(await notes(parts), 2, 'what was noted of the first is gone')
  await keeper.sessions.end(ended())
  t.equal(await ownersLeft(parts, 'one'), 'one')
  await keeper.remove({ owner: 'one', provider: 'test' })
  t.equal(await notes(parts), 2, 'marks alone')
})

t.test('a login that keeps the refresh token of the one before has a session of its own', async (t) => {
  const parts = startKeeper()
  const { keeper, clock } = parts
  await logIn(parts, 'one')
  clock.now += 1_000
  await keeper.save({ owner: 'one', provider: 'test', account: 'user-1', subject: 'user-1', requestedScope: [], tokens: tokenSet({ refreshToken: undefined }), session: session({ sid: 'session-2' }) })
  await keeper.sessions.end(ended())
  t.equal(await ownersLeft(parts, 'one'), 'one')
  await keeper.sessions.end(ended({ sid: 'session-2' }))
  t.equal(await ownersLeft(parts, 'one'), '')
})

t.test('one that fails does not stop the others, and is told', async (t) => {
  const parts = startKeeper()
  const { keeper, store } = parts
  for (const owner of ['one', 'two', 'three']) await logIn(parts, owner)
  let deletes = 0
  store.before = method => { if (method === 'delete' && deletes++ === 0) throw new Error('the store is down') }
  t.match(await errorOf(keeper.sessions.end(ended())), { code: 'FST_OAUTH_STORE_FAILED' })
  store.before = () => {}
  t.equal((await ownersLeft(parts, 'one', 'two', 'three')).split(' ').length, 1)
  await keeper.sessions.end(ended())
  t.equal(await ownersLeft(parts, 'one', 'two', 'three'), '')
})

t.test('a grant that is written all the time is busy', async (t) => {
  const parts = startKeeper()
  const { keeper, store } = parts
  await logIn(parts, 'one')
  store.delete = async () => false
  t.match(await errorOf(keeper.sessions.end(ended())), { code: 'FST_OAUTH_GRANT_BUSY' })
  store.put = async () => false
  t.match(await errorOf(keeper.sessions.end(ended({ sid: 'session-2' }))), { code: 'FST_OAUTH_GRANT_BUSY' })
})

t.test('a store that fails keeps the login from ending without its note', async (t) => {
  const parts = startKeeper({ leaseTime: 100 })
  parts.store.before = failing('put')
  t.match(await errorOf(logIn(parts, 'one')), { code: 'FST_OAUTH_STORE_FAILED' })
  parts.store.before = () => {}
  t.equal(await ownersLeft(parts, 'one'), '')
})

t.test('what cannot be noted again or cleared away is told, and stops nothing', async (t) => {
  const parts = startKeeper()
  const { keeper, store, clock, provider, warnings } = parts
  await logIn(parts, 'one')
  clock.now += hour
  const { put } = store
  store.put = async (grant, version, fence) => {
    if (grant.provider.startsWith('session:')) throw new Error('the store is down')
    return put.call(store, grant, version, fence)
  }
  t.match(await keeper.fresh(provider, { owner: 'one', provider: 'test' }), { accessToken: 'access-1' })
  await until(() => warnings.length > 0)
  t.match(warnings, [{ message: /could not be noted again/ }])

  warnings.length = 0
  store.put = put
  const remove = store.delete
  store.delete = async (key, version) => {
    if (key.provider !== 'test') throw new Error('the store is down')
    return remove.call(store, key, version)
  }
  const list = store.list
  store.list = async (owner, name) => {
    if (owner.startsWith('ended:')) throw new Error('the store is down')
    return list.call(store, owner, name)
  }
  await keeper.sessions.end(ended({ endedAt: start + 7_200 }))
  t.equal(await ownersLeft(parts, 'one'), '')
  t.match([...new Set(warnings.map(({ message }) => message))].sort(), [/A note of a session/, /Old marks/])
})

t.test('marks and notes without a use are cleared away by later logouts', async (t) => {
  const parts = startKeeper()
  const { keeper, clock, store } = parts
  await keeper.sessions.end(ended({ subject: undefined }))
  t.equal(await notes(parts), 1)
  clock.now += hour
  await keeper.sessions.end(ended({ subject: undefined, endedAt: start + 3_600 }))
  await keeper.sessions.end(ended({ subject: undefined, endedAt: start + 3_600 }))
  t.equal(await notes(parts), 1, 'the same mark is one')

  // A login that was noted and never stored: young, it may be still.
  const put = store.put
  store.put = async (grant, version, fence) => grant.provider === 'test' ? false : put.call(store, grant, version, fence)
  await errorOf(logIn(parts, 'one', { sid: 'session-2' }))
  store.put = put
  const before = await notes(parts)
  await keeper.sessions.end(ended({ sid: 'session-2', subject: undefined, endedAt: start + 3_600 }))
  t.equal(await notes(parts), before + 1, 'a mark more')
  clock.now += hour
  await keeper.sessions.end(ended({ sid: 'session-2', subject: undefined, endedAt: start + 7_200 }))
  t.equal(await notes(parts), before, 'the note of the session is gone')
})

t.test('what another secret has sealed is passed by', async (t) => {
  const parts = startKeeper()
  await logIn(parts, 'one')
  const { Cipher } = await import('../../lib/grants/cipher.js')
  const other = parts.another({ cipher: new Cipher([Buffer.alloc(32, 1)]) })
  t.strictSame(await other.keeper.sessions.end(ended()), [])
})
