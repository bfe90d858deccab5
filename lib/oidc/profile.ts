// Claims and userinfo (OpenID Connect Core 1.0 sections 5.1 and 5.3) as one profile.
import type { OAuthProfile, OAuthProfileEmails, OAuthProfileMap } from '../../types/profile.js'
import { isOAuthError, oauthError, quote } from '../errors.js'
import { failureIn } from '../http/reason.js'
import { valueAt } from '../json-pointer.js'
import { isTrue, mapped, standardClaims, textOf } from './profile-map.js'

export type ProfileMap = ((userinfo: Record<string, unknown>) => Partial<Omit<OAuthProfile, 'raw'>>) | OAuthProfileMap

/** Maps claims to a profile: by the provider's own map, else by OpenID Connect's standard claims. */
export function toProfile (raw: Record<string, unknown>, map: ProfileMap = standardClaims): OAuthProfile {
  const { id, name, email, emailVerified, username, picture } = typeof map === 'function' ? map(raw) : mapped(raw, map)
  return { id: textOf(id), name, email, emailVerified: emailVerified ?? false, username, picture, raw }
}

/** What else is known of an answer that should describe a user. */
interface AnswerOf { provider: string, map: ProfileMap | undefined, secrets: Array<string | undefined> }

/** Throws FST_OAUTH_INVALID_PROVIDER_ANSWER where an answer names nobody, and tells of a failure: many do so with status 200. */
export function checkUser ({ id, raw }: OAuthProfile, { provider, map, secrets }: AnswerOf): void {
  if (id !== undefined) return
  const root = typeof map === 'object' ? map.root ?? '' : ''
  const failure = failureIn(raw) ?? failureIn(valueAt(raw, root))
  if (failure !== undefined) throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['userinfo endpoint', provider, `it describes no user: ${quote(failure, secrets)}`])
}

/** The same profile with the e-mail address of a second request, where the map declares one and the provider answers it. */
export async function withEmails (profile: OAuthProfile, map: ProfileMap | undefined, fetch: (url: URL) => Promise<unknown>): Promise<OAuthProfile> {
  if (typeof map !== 'object' || map.emails === undefined) return profile
  const emails = map.emails
  const answer = await fetch(new URL(emails.url)).catch(error => {
    // A scope that was not granted, say: then the first answer is all there is.
    if (isOAuthError(error) && error.code === 'FST_OAUTH_INVALID_PROVIDER_ANSWER') return undefined
    throw error
  })
  const email = verifiedOf(answer, emails)
  return email === undefined ? profile : { ...profile, email, emailVerified: true }
}

function verifiedOf (answer: unknown, { list = '', email, verified, primary }: OAuthProfileEmails): string | undefined {
  const entries = valueAt(answer, list)
  if (!Array.isArray(entries)) return undefined
  const good = entries.filter(entry => isTrue(valueAt(entry, verified)) && textOf(valueAt(entry, email)) !== undefined)
  const chosen = good.find(entry => primary !== undefined && isTrue(valueAt(entry, primary))) ?? good[0]
  return textOf(valueAt(chosen, email))
}
