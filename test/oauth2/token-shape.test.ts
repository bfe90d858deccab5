// Token answers whose members have other names or places.
import t from 'tap'
import { standardShape } from '../../lib/oauth2/token-shape.js'

const now = Date.UTC(2030, 0, 1)

t.test('an object within the answer', async (t) => {
  t.strictSame(standardShape({ status: 0, body: { access_token: 'a', expires_in: 5 } }, { path: '/body' }, now), { access_token: 'a', expires_in: 5 })
  t.strictSame(standardShape({ access_token: 'a' }, { path: '/body' }, now), { access_token: 'a' }, 'where it is missing, the answer itself')
  t.strictSame(standardShape({ access_token: 'a', body: [] }, { path: '/body' }, now), { access_token: 'a', body: [] })
})

t.test('members under other names', async (t) => {
  const fields = { access_token: '/accessToken', refresh_token: '/refreshToken', expires_in: '/times/expireIn' }

  t.match(standardShape({ accessToken: 'a', times: { expireIn: 7200 } }, { fields }, now), { access_token: 'a', refresh_token: undefined, expires_in: 7200 })
})

t.test('the time of the end', async (t) => {
  for (const [end, unit] of [[now / 1_000 + 60, 's'], [now + 60_000, 'ms'], [String(now + 60_000), 'ms'], ['2030-01-01T00:01:00Z', 'date']] as const) {
    t.match(standardShape({ end }, { expiresAt: { pointer: '/end', unit } }, now), { expires_in: 60 }, `${end} ${unit}`)
  }
  t.match(standardShape({ end: 'never' }, { expiresAt: { pointer: '/end', unit: 'date' } }, now), { expires_in: undefined })
  t.match(standardShape({}, { expiresAt: { pointer: '/end', unit: 's' } }, now), { expires_in: undefined })
  t.match(standardShape({ end: 5, expires_in: 9 }, { expiresAt: { pointer: '/end', unit: 's' } }, now), { expires_in: 9 }, 'a stated lifetime counts')
})

t.test('how a failure is told', async (t) => {
  const error = { code: '/errcode', description: '/errmsg', invalidGrant: ['40029'] }

  t.match(standardShape({ errcode: 40013, errmsg: 'invalid appid' }, { error }, now), { error: '40013', error_description: 'invalid appid' })
  t.match(standardShape({ errcode: 40029, errmsg: 'invalid code' }, { error }, now), { error: 'invalid_grant', error_description: '40029: invalid code' }, 'what it was called is kept')
  t.match(standardShape({ errcode: 40029 }, { error }, now), { error: 'invalid_grant', error_description: '40029' })
  t.match(standardShape({ errcode: 'invalid_grant' }, { error: { ...error, invalidGrant: ['invalid_grant'] } }, now), { error: 'invalid_grant', error_description: undefined })
  t.match(standardShape({ errcode: 400, errmsg: 'invalid code' }, { error: { ...error, invalidGrant: ['invalid code'] } }, now), { error: 'invalid_grant', error_description: 'invalid code' }, 'by the description')
  t.match(standardShape({ errcode: 400, errmsg: 5 }, { error }, now), { error: '400', error_description: undefined })
  t.match(standardShape({ error: { type: 'OAuthException', message: 'no' } }, { error: { code: '/error/type' } }, now), { error: 'OAuthException' })
  t.notOk('error' in standardShape({ errcode: { a: 1 } }, { error }, now), 'a code is a text or a number')
  t.notOk('error' in standardShape({ access_token: 'a', errcode: 0 }, { error }, now), 'a token is none')
})
