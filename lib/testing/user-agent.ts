// A browser at the fake provider: opens its pages over the application's dispatcher, and fills in their forms for a user.
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import { isLoopback } from '../options.js'
import { InProcessDispatcher } from './dispatcher.js'
import { errorOf, formOf } from './pages.js'
import type { PageForm } from './pages.js'

/** What the user enters. */
export interface Answers {
  user: string
  deny: boolean
  /** Undefined for every scope that is asked for. */
  scope: readonly string[] | undefined
}

/** How the browser comes back to the application. */
export interface Callback { method: 'GET' | 'POST', url: URL, form: URLSearchParams | undefined }

/** Goes through the provider's pages. Throws an Error that says what they said. */
export async function visitProvider (address: string, dispatcher: Dispatcher, answers: Answers): Promise<Callback> {
  const start = new URL(address)
  if (!(dispatcher instanceof InProcessDispatcher) && !isLoopback(start)) throw new Error(`it leads to ${start.origin}, which is neither in this process nor on this machine`)
  let page = await load(start, dispatcher)
  while (page.location === undefined) {
    const form = formOf(page.text)
    if (form === undefined) throw new Error(errorOf(page.text) ?? `the provider answered with status ${page.status} and no page to fill in`)
    const url = new URL(form.action)
    if (url.origin !== start.origin) return { method: 'POST', url, form: form.fields }
    page = await load(url, dispatcher, filledIn(form, answers))
  }
  return { method: 'GET', url: new URL(page.location, start), form: undefined }
}

function filledIn ({ fields, action }: PageForm, { user, deny, scope }: Answers): URLSearchParams {
  const isLogin = action.endsWith('/login')
  fields.set('decision', isLogin ? 'login' : deny ? 'deny' : 'allow')
  if (isLogin) fields.set('username', user)
  if (isLogin || scope === undefined) return fields
  fields.delete('scope')
  for (const name of scope) fields.append('scope', name)
  return fields
}

async function load (url: URL, dispatcher: Dispatcher, form?: URLSearchParams): Promise<{ status: number, text: string, location: string | undefined }> {
  const { statusCode, headers, body } = await request(url, {
    dispatcher,
    method: form === undefined ? 'GET' : 'POST',
    headers: { accept: 'text/html', ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) },
    body: form === undefined ? null : form.toString()
  })
  const text = await body.text()
  return { status: statusCode, text, location: typeof headers.location === 'string' ? headers.location : undefined }
}
