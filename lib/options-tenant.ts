// The schema of what a function in the place of a provider's options answers besides those options.
import * as v from 'valibot'
import { flag, origin, text } from './options-parts.js'

const name = 'a tenant\'s name: 1 to 100 letters, digits, "-", "_" and ".", the first a letter or a digit'
const names = /^[A-Za-z0-9][\w.-]{0,99}$/

export const tenantMembers = v.object({
  tenant: v.pipe(text(name), v.regex(names, name)),
  baseUrl: v.optional(v.pipe(origin, v.transform(input => new URL(input)))),
  // Whatever a tenant's administrator has typed in.
  untrustedAddresses: v.optional(flag, true)
}, name)

/** Whether a text may be a tenant's name. */
export function isTenantName (input: string): boolean {
  return names.test(input)
}
