// Whether a refresh token may be sent, and what came of one that was.
import t from 'tap'
import { oauthError } from '../../lib/errors.js'
import { Outcome, bearsMark, isUnspent, maySend, nameOf, sending, withoutRefresh } from '../../lib/grants/attempt.js'
import { changed, createGrant, keptOf, refreshed } from '../../lib/grants/grant.js'
import { grantValues, hour, outage, refusal, tokenSet } from '../fixtures/grants.js'

const grant = createGrant(grantValues())
const now = 1_750_000_000_000
const marked = sending(grant, { fence: 7, now })
const rotated = refreshed(marked, tokenSet({ accessToken: 'access-1', refreshToken: 'refresh-1', expiresAt: now + hour }), now)

t.test('a refresh token is named without being told', (t) => {
  t.match(nameOf('refresh-0'), /^[\w-]{22}$/)
  t.not(nameOf('refresh-0'), nameOf('refresh-1'))
  t.equal(nameOf('refresh-0'), nameOf('refresh-0'))
  t.end()
})

t.test('the mark counts the attempts from the first on, and says under which lease the last was made', (t) => {
  t.strictSame(keptOf(marked).refreshing, { hash: nameOf('refresh-0'), attempt: 1, sentAt: now, fence: 7 })
  t.equal(marked.version, 2)
  t.strictSame(keptOf(sending(marked, { fence: 8, now: now + 5 })).refreshing, { hash: nameOf('refresh-0'), attempt: 2, sentAt: now, fence: 8 })
  const another = changed(marked, { refreshToken: 'refresh-9' })
  t.match(keptOf(sending(another, { fence: 9, now: now + 5 })).refreshing, { attempt: 1, sentAt: now + 5 }, 'another refresh token is counted anew')
  t.ok(JSON.stringify(keptOf(marked).refreshing).length < 200)
  t.end()
})

t.test('a refresh token is sent that was not sent before, or within the grace, or that the provider does not rotate', (t) => {
  t.equal(maySend(grant, { grace: 0, now }), true)
  t.equal(maySend(marked, { grace: 0, now }), false)
  t.equal(maySend(marked, { grace: 1_000, now: now + 999 }), true)
  t.equal(maySend(marked, { grace: 1_000, now: now + 1_000 }), false)
  t.equal(maySend(changed(marked, { refreshToken: 'refresh-9' }), { grace: 0, now }), true, 'the mark is of another')
  for (const refreshToken of [undefined, 'refresh-0']) {
    const kept = refreshed(marked, tokenSet({ refreshToken }), now)
    t.equal(maySend(sending(kept, { fence: 8, now }), { grace: 0, now: now + hour }), true)
  }
  t.equal(maySend(sending(rotated, { fence: 8, now }), { grace: 0, now }), false)
  t.end()
})

t.test('what is good after a failure, and what is not', (t) => {
  for (const error of [outage(), refusal('server_error'), oauthError('FST_OAUTH_PROVIDER_UNAVAILABLE', ['test', 503], undefined, { unspent: true })]) t.equal(isUnspent(error), true, error.message)
  for (const error of [outage({ unspent: false }), oauthError('FST_OAUTH_PROVIDER_TIMEOUT', ['test', 1]), oauthError('FST_OAUTH_ID_TOKEN_INVALID', ['test', 'why']), Object.assign(new Error('foreign'), { unspent: true }), 'thrown']) t.equal(isUnspent(error), false, String(error))
  t.end()
})

t.test('a dropped refresh token leaves its name', (t) => {
  const dropped = withoutRefresh(marked)
  t.match(dropped, { accessToken: 'access-0', version: 3, status: 'reauthorization_required' })
  t.equal(dropped.refreshToken, undefined)
  t.match(keptOf(dropped), { refreshing: null, dropped: { hash: nameOf('refresh-0'), login: 0 } })
  t.equal(bearsMark(withoutRefresh(marked, keptOf(marked).refreshing), marked), true)
  t.equal(bearsMark(dropped, marked), false)
  t.end()
})

t.test('tokens that were received concern the grant that sent for them, also where another process dropped its refresh token', (t) => {
  const outcome = Outcome.answered(marked, rotated)
  t.equal(outcome.change, 'refreshed')
  for (const stored of [marked, grant, withoutRefresh(marked), withoutRefresh(sending(marked, { fence: 8, now }))]) t.equal(outcome.concerns(stored), true)
  for (const refreshToken of ['refresh of a login', undefined]) t.equal(outcome.concerns(createGrant(grantValues({ refreshToken }))), false)
  t.equal(Outcome.answered(marked, withoutRefresh(marked)).change, 'expired')
  t.equal(outcome.is(rotated), true)
  t.equal(outcome.is(marked), false)
  t.end()
})

t.test('what was not spent concerns it only while it bears the mark', (t) => {
  const outcome = Outcome.unspent(marked)
  t.equal(outcome.change, null)
  t.equal(outcome.concerns(marked), true)
  t.equal(outcome.concerns(withoutRefresh(marked, keptOf(marked).refreshing)), true, 'whoever dropped it had only the mark to go by')
  for (const stored of [grant, withoutRefresh(marked), sending(marked, { fence: 8, now })]) t.equal(outcome.concerns(stored), false)
  t.match(outcome.onTopOf(withoutRefresh(marked, keptOf(marked).refreshing)), { refreshToken: 'refresh-0', version: 4, status: 'active' })
  t.end()
})

t.test('what came of it goes on top of what is stored; a later login keeps all but its refresh token', (t) => {
  const outcome = Outcome.answered(marked, rotated)
  t.equal(outcome.onTopOf(marked), rotated, 'as it is, where its version is the next')
  t.match(outcome.onTopOf(changed(marked, { version: 9 })), { accessToken: 'access-1', refreshToken: 'refresh-1', version: 10 })
  const login = changed(marked, { accessToken: 'of the login', authorizedAt: 1, version: 3 })
  const next = outcome.onTopOf(login)
  t.match(next, { accessToken: 'of the login', refreshToken: 'refresh-1', authorizedAt: 1, version: 4 })
  t.equal(keptOf(next).refreshing, null)
  t.end()
})
