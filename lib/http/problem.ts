// Why a provider refused a signed request: oauth_problem (the Problem Reporting extension of OAuth 1.0a).
import type { IncomingHttpHeaders } from 'node:http'

// A word, so that no token or secret can be taken for one.
const inChallenge = /\boauth_problem="?([a-z_]{3,40})(?![\w.%-])/
const inBody = /(?:^|[&?\s])oauth_problem=([a-z_]{3,40})(?![\w.%-])/

/** The problem that the answer names in WWW-Authenticate, or in a form; undefined where it names none. */
export function problemOf (headers: IncomingHttpHeaders | Record<string, string | string[] | undefined>, text = ''): string | undefined {
  const challenge = [headers['www-authenticate'] ?? []].flat().join(', ')
  return inChallenge.exec(challenge)?.[1] ?? inBody.exec(text)?.[1]
}
