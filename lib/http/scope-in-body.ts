// A missing scope that an API tells of in the JSON of its answer, whatever the status: what quirks.insufficientScope.body declares.
import type { OAuthResponse } from '../../types/client.js'
import type { OAuthQuirks } from '../../types/quirks.js'
import { valueAt } from '../json-pointer.js'
import { wordsOf } from './challenge-header.js'

type InBody = NonNullable<NonNullable<OAuthQuirks['insufficientScope']>['body']>

/** The scopes that the answer names; undefined where it tells of none missing. */
export function missingScopeIn (json: unknown, { pointer, value, scope }: InBody): string[] | undefined {
  if (valueAt(json, pointer) !== value) return undefined
  const named = scope === undefined ? undefined : valueAt(json, scope)
  return wordsOf([named ?? []].flat().map(String).join(' ').replaceAll(',', ' '))
}

/** The same of a text. */
export function missingScopeInText (text: string, inBody: InBody): string[] | undefined {
  try {
    return missingScopeIn(JSON.parse(text), inBody)
  } catch {
    return undefined
  }
}

/**
 * Looks into an answer when its caller reads it as JSON, and at no other time: a body that is streamed is not touched. Where
 * `errorOf` answers an error, the reading fails with it.
 */
export function watchJson ({ body }: Pick<OAuthResponse, 'body'>, errorOf: (json: unknown) => Error | undefined): void {
  const read = body.json
  Object.defineProperty(body, 'json', {
    configurable: true,
    value: async () => {
      const json = await read.call(body)
      const error = errorOf(json)
      if (error !== undefined) throw error
      return json
    }
  })
}
