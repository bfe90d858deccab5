// How an answer becomes a profile: by OpenID Connect's standard claims (Core 1.0 section 5.1), or by a declared map.
import type { OAuthProfile, OAuthProfileMap, OAuthProfileSource } from '../../types/profile.js'
import { valueAt } from '../json-pointer.js'

export type ProfileMembers = Omit<OAuthProfile, 'raw'>

export function standardClaims (claims: Record<string, unknown>): ProfileMembers {
  return {
    id: textOf(claims.sub ?? claims.id),
    name: textOf(claims.name ?? claims.preferred_username),
    email: textOf(claims.email),
    emailVerified: isTrue(claims.email_verified),
    username: textOf(claims.preferred_username),
    picture: textOf(claims.picture)
  }
}

/** The members that a declared map names; without any, the standard claims under its root. */
export function mapped (answer: Record<string, unknown>, { root = '', emails: _, ...sources }: OAuthProfileMap): ProfileMembers {
  const user = valueAt(answer, root)
  if (Object.keys(sources).length === 0) return standardClaims(Object(user) as Record<string, unknown>)
  const { id, name, email, emailVerified, username, picture } = sources
  return {
    id: read(user, id),
    name: read(user, name),
    email: read(user, email),
    emailVerified: read(user, emailVerified) === 'true',
    username: read(user, username),
    picture: read(user, picture)
  }
}

function read (user: unknown, source: OAuthProfileSource | undefined): string | undefined {
  const sources: readonly OneSource[] = source === undefined ? [] : isList(source) ? source : [source]
  for (const one of sources) {
    const found = readOne(user, one)
    if (found !== undefined) return found
  }
  return undefined
}

type OneSource = Extract<OAuthProfileSource, readonly unknown[]>[number]

function isList (source: OAuthProfileSource): source is readonly OneSource[] {
  return Array.isArray(source)
}

function readOne (user: unknown, source: OneSource): string | undefined {
  if (typeof source === 'string') return wordOf(valueAt(user, source))
  if ('template' in source) return fill(source.template, user)
  return textOf(source.join.map(pointer => textOf(valueAt(user, pointer))).filter(part => part !== undefined).join(' '))
}

function fill (template: string, user: unknown): string | undefined {
  const parts = template.split(/\{(\/[^}]*)\}/).map((part, index) => index % 2 === 0 ? part : textOf(valueAt(user, part)))
  return parts.includes(undefined) ? undefined : parts.join('')
}

// Only for a flag is the word for true and false of use.
function wordOf (value: unknown): string | undefined {
  return value === true ? 'true' : textOf(value)
}

export function textOf (value: unknown): string | undefined {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined
}

/** Whether a provider says so. Apple and Amazon Cognito send the word. */
export function isTrue (value: unknown): boolean {
  return value === true || value === 'true'
}
