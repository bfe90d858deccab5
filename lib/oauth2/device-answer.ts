// What real device authorization endpoints answer, brought into the form that RFC 8628 section 3.2 gives it.
import { jsonObjectIn } from '../http/json-object.js'

/** Google has another name for the address, and intervals come as text. Undefined where it is no object. */
export function deviceAnswerOf (text: string): Record<string, unknown> | undefined {
  const body = jsonObjectIn(text)
  if (body === undefined) return undefined
  const interval = Number(body.interval)
  return { ...body, verification_uri: body.verification_uri ?? body.verification_url, interval: interval > 0 && Number.isFinite(interval) ? interval : undefined }
}
