// What a reply should be: decided from method, Accept, Sec-Fetch-Mode and Sec-Fetch-Dest (Fetch Metadata), by the table in
// docs/reference/routes.md.
import type { FastifyRequest } from 'fastify'

type Asked = Pick<FastifyRequest, 'method' | 'headers'>

/**
 * Whether a browser is loading a page, as opposed to a script that wants data. Browsers say so in Sec-Fetch-Dest, early ones in
 * Sec-Fetch-Mode alone, other clients by preferring text/html. A page in a frame is none: providers refuse to be framed.
 */
export function wantsPage ({ headers }: Pick<Asked, 'headers'>): boolean {
  const { accept = '', 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers
  if (destination !== undefined) return destination === 'document'
  // Alone it proves no script: fetch of Node.js says `cors`, whatever it is used for.
  return mode === 'navigate' || prefersHtml(accept)
}

/** Whether it is a page load that can be resumed: one that changes nothing. A POST is never sent again. */
export function isPageLoad (request: Asked): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && wantsPage(request)
}

/** Whether a browser shows the reply to a form that it has sent: to a person, for whom JSON is nothing. */
export function isFormSent (request: Asked): boolean {
  const { accept = '', 'sec-fetch-dest': destination } = request.headers
  return destination === 'document' && prefersHtml(accept) && !isPageLoad(request)
}

/** Whether the reply goes to a window that another page has opened. */
export function wantsPopup (query: URLSearchParams): boolean {
  return query.get('display') === 'popup'
}

// RFC 9110 section 12.5.1. A range such as */* is no wish for a page.
function prefersHtml (accept: string): boolean {
  const html = qualityOf(accept, 'text/html')
  return html > 0 && html >= qualityOf(accept, 'application/json')
}

function qualityOf (accept: string, type: string): number {
  const range = accept.toLowerCase().split(',').map(part => part.split(';').map(item => item.trim())).find(([name]) => name === type)
  if (range === undefined) return 0
  const quality = Number(range.find(item => item.startsWith('q='))?.slice(2) ?? 1)
  return quality >= 0 ? quality : 1
}
