// What a client learns of a user (OpenID Connect Core 1.0 section 5.4): by scope with OpenID Connect, all of it without.
import type { FakeCore } from './core.js'
import type { Authorization } from './state.js'

const byScope: Readonly<Record<string, string>> = {
  name: 'profile',
  given_name: 'profile',
  family_name: 'profile',
  nickname: 'profile',
  preferred_username: 'profile',
  picture: 'profile',
  website: 'profile',
  locale: 'profile',
  email: 'email',
  email_verified: 'email',
  address: 'address',
  phone_number: 'phone',
  phone_number_verified: 'phone'
}

/** The user's claims. One that belongs to no scope is always given. */
export function claimsOf ({ protocol, quirks }: FakeCore, { user, scope }: Pick<Authorization, 'user' | 'scope'>): Record<string, unknown> {
  const shown = Object.entries(user).filter(([name]) => protocol !== 'oidc' || byScope[name] === undefined || scope.includes(byScope[name]))
  return Object.fromEntries(shown.map(([name, value]) => [name, quirks.stringBooleans === true && typeof value === 'boolean' ? String(value) : value]))
}
