// WWW-Authenticate as an API sends it (RFC 9110 section 11.6.1), read in one pass and up to a bound: what a bearer token lacks (RFC
// 6750 section 3.1, RFC 9470 section 3).

export interface BearerChallenge {
  error: string | undefined
  scope: string[]
  acr: string[]
  maxAge: number | undefined
}

const longest = 4_096
const paramsAtMost = 32
const valuesAtMost = 64
const param = /[\s,]*([\w!#$%&'*+.^`|~-]{1,64})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~:/-]+))(?=\s|,|$)/y
const scheme = /[\s,]*([\w!#$%&'*+.^`|~-]{1,64})(?:[ \t]+[\w.~+/-]+=*)?(?=\s|,|$)/y
// RFC 6749 section 3.3: what may stand in an authorization request again.
const token = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/

/** The first challenge with scheme Bearer or DPoP (RFC 9449 section 7.1); undefined where there is none. */
export function bearerChallengeOf (header: string | string[] | undefined): BearerChallenge | undefined {
  const params = paramsOf([header ?? []].flat().join(', ').slice(0, longest))
  if (params === undefined) return undefined
  const age = /^\d{1,9}$/.exec(params.get('max_age') ?? '')
  return { error: params.get('error'), scope: wordsOf(params.get('scope')), acr: wordsOf(params.get('acr_values')), maxAge: age === null ? undefined : Number(age[0]) }
}

function paramsOf (text: string): Map<string, string> | undefined {
  let at = 0
  let found: Map<string, string> | undefined
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  for (let count = 0; count < paramsAtMost; count++) {
    const pair = next(param)
    if (pair === null) {
      // Another challenge begins. What belongs to other schemes is read over.
      const [, name] = next(scheme) ?? []
      if (name === undefined || found !== undefined) return found
      if (/^(?:bearer|dpop)$/i.test(name)) found = new Map()
    } else {
      const [, name = '', quoted, plain = ''] = pair
      if (found?.has(name.toLowerCase()) === false) found.set(name.toLowerCase(), quoted?.replace(/\\(.)/gs, '$1') ?? plain)
    }
  }
  return found
}

/** What may stand in an authorization request again, once each. */
export function wordsOf (value = ''): string[] {
  return [...new Set(value.split(' '))].filter(word => token.test(word)).slice(0, valuesAtMost)
}
