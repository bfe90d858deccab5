// What real providers answer to a request for credentials (RFC 5849 sections 2.1 and 2.3): a form, under any content type, or JSON.
import { jsonObjectIn } from '../http/json-object.js'

/** A token, its secret, and everything else that came with them. */
export interface CredentialsAnswer { token: string, tokenSecret: string, rest: Record<string, unknown> }

/** null where there is no token in it, or no secret; that may be empty. */
export function readCredentials (text: string): CredentialsAnswer | null {
  const { oauth_token: token, oauth_token_secret: tokenSecret, ...rest } = jsonObjectIn(text) ?? parseForm(text)
  if (typeof token !== 'string' || token === '' || typeof tokenSecret !== 'string') return null
  return { token, tokenSecret, rest }
}

// Some end the line.
function parseForm (text: string): Record<string, unknown> {
  return /^\s*</.test(text) ? {} : Object.fromEntries(new URLSearchParams(text.trim()))
}
