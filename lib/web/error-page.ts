// The page of a login that failed: no script, no foreign resource, light and dark.
import { escape, inline } from './page.js'
import type { Page } from './page.js'

const style = inline(`:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#f6f7f9,#15171c);color:light-dark(#1c1f26,#e8eaf0)}
main{max-width:30rem;margin:1.5rem;padding:2rem 2.25rem;border-radius:12px;background:light-dark(#fff,#1e2129);box-shadow:0 1px 3px #0003}
h1{margin:0 0 .5rem;font-size:1.35rem;line-height:1.3}p{margin:.5rem 0}a{color:light-dark(#1a56c4,#8ab4ff)}
code{font-size:.8rem;color:light-dark(#5b6270,#a4abba)}`)

export interface ErrorPage {
  statusCode: number
  code: string
  message: string
  /** Where the login can be started again; a path. */
  retryUrl?: string | undefined
  /** Where the account that came back can be linked as another one; a path. */
  linkUrl?: string | undefined
  /** Where what was sent can be allowed, to be sent again; on this origin. */
  allowUrl?: string | undefined
}

export function errorPage ({ statusCode, code, message, retryUrl, linkUrl, allowUrl }: ErrorPage): Page {
  const title = statusCode === 403 ? 'No access' : allowUrl !== undefined ? 'Login needed' : statusCode < 500 ? 'Login not completed' : 'Login not possible now'
  const way = (url: string | undefined, text: string) => url === undefined ? '' : `<p><a href="${escape(url)}">${text}</a></p>`
  const ways = [
    allowUrl === undefined ? '' : '<p>What you sent was not taken. Log in and allow it, then send it again.</p>',
    way(allowUrl, 'Log in and allow it'),
    way(retryUrl, 'Start the login again'),
    way(linkUrl, 'Link it as another account')
  ]
  return styled({ title, body: `<p>${escape(message)}</p>${ways.join('')}<p><code>${escape(code)}</code></p>` })
}

/** A page in this style. */
export function styled (page: Omit<Page, 'style'>): Page {
  return { ...page, style }
}
