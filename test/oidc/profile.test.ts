// Claims and userinfo as one profile: OpenID Connect Core 1.0 section 5.1, and what providers send in its place.
import t from 'tap'
import { toProfile } from '../../lib/oidc/profile.js'

t.test('the standard claims', async (t) => {
  const raw = { sub: 'user-1', name: 'First User', email: 'first@mail.example', email_verified: true, picture: 'https://pictures.example/1', other: [1] }

  t.strictSame(toProfile(raw), { id: 'user-1', name: 'First User', email: 'first@mail.example', emailVerified: true, picture: 'https://pictures.example/1', raw })
})

t.test('what is not told is undefined, and nothing is guessed', async (t) => {
  t.strictSame(toProfile({}), { id: undefined, name: undefined, email: undefined, emailVerified: false, picture: undefined, raw: {} })
  t.match(toProfile({ email: 'first@mail.example', email_verified: null, name: null, picture: { data: {} } }), { id: undefined, name: undefined, emailVerified: false, picture: undefined })
})

t.test('ids that are numbers, and names by another claim', async (t) => {
  t.match(toProfile({ id: 583231, preferred_username: 'octocat' }), { id: '583231', name: 'octocat' })
  t.match(toProfile({ sub: '', name: '' }), { id: undefined, name: undefined }, 'an empty text tells nothing')
  t.match(toProfile({ id: 5, sub: 'user-1', name: 'Name', preferred_username: 'nick' }), { id: 'user-1', name: 'Name' }, 'the standard ones come first')
})

t.test('an e-mail address is verified only where the provider says so', async (t) => {
  for (const [value, verified] of [[true, true], ['true', true], [false, false], ['false', false], [1, false], ['yes', false], [undefined, false]] as const) {
    t.equal(toProfile({ email_verified: value }).emailVerified, verified, String(value))
  }
})

t.test('a map of the provider replaces the standard claims, and cannot replace raw', async (t) => {
  const raw = { user_id: 7, mail: 'first@mail.example', sub: 'not this', email: 'nor this' }
  const map = (userinfo: Record<string, unknown>) => ({ id: userinfo.user_id as string, email: String(userinfo.mail), raw: {} })

  t.strictSame(toProfile(raw, map), { id: '7', name: undefined, email: 'first@mail.example', emailVerified: false, picture: undefined, raw }, 'an id is text, as accounts are')
})
