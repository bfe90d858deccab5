// Claims and userinfo as one profile: OpenID Connect Core 1.0 section 5.1, and what providers send in its place.
import t from 'tap'
import type { OAuthProfileMap } from '../../types/profile.js'
import { oauthError } from '../../lib/errors.js'
import { toProfile, withEmails } from '../../lib/oidc/profile.js'

t.test('the standard claims', async (t) => {
  const raw = { sub: 'user-1', name: 'First User', email: 'first@mail.example', email_verified: true, picture: 'https://pictures.example/1', other: [1] }

  t.strictSame(toProfile(raw), { id: 'user-1', name: 'First User', email: 'first@mail.example', emailVerified: true, username: undefined, picture: 'https://pictures.example/1', raw })
})

t.test('what is not told is undefined, and nothing is guessed', async (t) => {
  t.strictSame(toProfile({}), { id: undefined, name: undefined, email: undefined, emailVerified: false, username: undefined, picture: undefined, raw: {} })
  t.match(toProfile({ email: 'first@mail.example', email_verified: null, name: null, picture: { data: {} } }), { id: undefined, name: undefined, emailVerified: false, picture: undefined })
})

t.test('ids that are numbers, and names by another claim', async (t) => {
  t.match(toProfile({ id: 583231, preferred_username: 'octocat' }), { id: '583231', name: 'octocat', username: 'octocat' })
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

  t.strictSame(toProfile(raw, map), { id: '7', name: undefined, email: 'first@mail.example', emailVerified: false, username: undefined, picture: undefined, raw }, 'an id is text, as accounts are')
})

t.test('a declared map: pointers, lists of them, joined parts, templates', async (t) => {
  const raw = { data: [{ id: 7, names: { first: 'First', last: 'User' }, login: 'first', mail: 'first@mail.example', ok: true, 'a/b~c': 'pic' }] }
  const map: OAuthProfileMap = {
    root: '/data/0',
    id: ['/uuid', '/id'],
    name: { join: ['/names/first', '/names/middle', '/names/last'] },
    email: '/mail',
    emailVerified: '/ok',
    username: '/login',
    picture: { template: 'https://pictures.example/{/id}/{/a~1b~0c}.png' }
  }

  t.strictSame(toProfile(raw, map), { id: '7', name: 'First User', email: 'first@mail.example', emailVerified: true, username: 'first', picture: 'https://pictures.example/7/pic.png', raw })
})

t.test('a declared map guesses nothing', async (t) => {
  const raw = { id: 'user-1', name: 'First User', email: 'first@mail.example', email_verified: true, verified: 1 }
  const unknown = { name: undefined, email: undefined, emailVerified: false, username: undefined, picture: undefined }

  t.match(toProfile(raw, { id: '/id' }), { id: 'user-1', ...unknown })
  t.match(toProfile(raw, { id: ['/a', { join: ['/b'] }, { template: '{/c}' }], emailVerified: '/verified', picture: { template: 'https://pictures.example/{/c}' } }), { id: undefined, ...unknown })
  t.match(toProfile(raw, { id: '/toString', name: '/name/length' }), { id: undefined, name: undefined }, 'pointers lead to the answer\'s own members')
  t.match(toProfile({ verified: 'true' }, { emailVerified: '/verified' }), { emailVerified: true })
})

t.test('a map of a root alone reads the standard claims there', async (t) => {
  t.match(toProfile({ data: { id: 5, name: 'First User' } }, { root: '/data' }), { id: '5', name: 'First User' })
  t.match(toProfile({ data: null }, { root: '/data' }), { id: undefined })
})

t.test('e-mail addresses of a second request', async (t) => {
  const map: OAuthProfileMap = { id: '/id', email: '/email', emails: { url: 'https://api.example/emails', list: '/values', email: '/email', verified: '/verified', primary: '/primary' } }
  const profile = toProfile({ id: 1, email: 'public@mail.example' }, map)
  const asked: string[] = []
  const from = async (values: unknown) => withEmails(profile, map, async url => { asked.push(url.href); return { values } })
  const primary = { email: 'primary@mail.example', verified: true, primary: true }
  const other = { email: 'other@mail.example', verified: true, primary: false }

  t.match(await from([other, primary]), { email: 'primary@mail.example', emailVerified: true })
  t.match(await from([{ ...primary, verified: false }, other]), { email: 'other@mail.example', emailVerified: true })
  for (const nothing of [[], [{ ...primary, verified: 'no' }], [{ verified: true }], 'text', undefined]) t.match(await from(nothing), { email: 'public@mail.example', emailVerified: false })
  t.equal(asked[0], 'https://api.example/emails')
  const emails = { url: 'https://api.example/emails', email: '/email', verified: '/verified' }
  t.match(await withEmails(profile, { emails }, async () => [{ email: 'only@mail.example', verified: true }]), { email: 'only@mail.example', emailVerified: true })
})

t.test('a second request that is refused leaves the first answer; one that fails is an error', async (t) => {
  const map: OAuthProfileMap = { id: '/id', emails: { url: 'https://api.example/emails', email: '/email', verified: '/verified' } }
  const profile = toProfile({ id: 1 }, map)

  t.equal(await withEmails(profile, map, async () => { throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['userinfo endpoint', 'x', 'status 403']) }), profile)
  await t.rejects(withEmails(profile, map, async () => { throw oauthError('FST_OAUTH_PROVIDER_TIMEOUT', ['x', 5]) }), { code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
  t.equal(await withEmails(profile, { id: '/id' }, async () => t.fail('nothing is asked')), profile)
  t.equal(await withEmails(profile, undefined, async () => t.fail('nothing is asked')), profile)
})
