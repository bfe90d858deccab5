// The table of docs/reference/routes.md, line by line.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isFormSent, isPageLoad, wantsPage, wantsPopup } from '../../lib/web/negotiation.js'
import { projectRoot } from '../fixtures/project.js'

const html = 'text/html,application/xhtml+xml,*/*;q=0.8'

// Method, Accept, Sec-Fetch-Mode, Sec-Fetch-Dest, answer.
const table: Array<[string, string | undefined, string | undefined, string | undefined, 'redirect' | 'page' | 'JSON']> = [
  // A browser loads a page.
  ['GET', html, 'navigate', 'document', 'redirect'],
  ['HEAD', html, 'navigate', 'document', 'redirect'],
  ['GET', '*/*', 'navigate', 'document', 'redirect'],
  ['GET', undefined, 'navigate', 'document', 'redirect'],
  ['GET', 'application/json', undefined, 'document', 'redirect'],
  ['GET', '*/*', 'navigate', undefined, 'redirect'],
  // It sends a form, or changes something.
  ['POST', html, 'navigate', 'document', 'page'],
  ['DELETE', html, 'navigate', 'document', 'page'],
  ['POST', html, 'navigate', 'iframe', 'JSON'],
  ['POST', '*/*', 'navigate', 'document', 'JSON'],
  ['POST', html, 'navigate', undefined, 'JSON'],
  ['POST', undefined, undefined, 'document', 'JSON'],
  ['PUT', html, undefined, undefined, 'JSON'],
  ['POST', html, 'cors', 'empty', 'JSON'],
  // A frame, an image, a script, a fetch, a worker.
  ['GET', html, 'navigate', 'iframe', 'JSON'],
  ['GET', html, 'navigate', 'frame', 'JSON'],
  ['GET', html, 'navigate', 'object', 'JSON'],
  ['GET', html, 'navigate', 'embed', 'JSON'],
  ['GET', 'image/*', 'no-cors', 'image', 'JSON'],
  ['GET', '*/*', 'no-cors', 'script', 'JSON'],
  ['GET', '*/*', 'cors', 'empty', 'JSON'],
  ['GET', html, 'same-origin', 'empty', 'JSON'],
  ['GET', html, 'websocket', 'empty', 'JSON'],
  // Clients that do not say: what they accept.
  ['GET', html, undefined, undefined, 'redirect'],
  ['GET', 'TEXT/HTML', undefined, undefined, 'redirect'],
  ['GET', html, 'cors', undefined, 'redirect'],
  ['GET', '*/*', 'cors', undefined, 'JSON'],
  ['GET', 'application/json', undefined, undefined, 'JSON'],
  ['GET', '*/*', undefined, undefined, 'JSON'],
  ['GET', undefined, undefined, undefined, 'JSON'],
  ['GET', '', undefined, undefined, 'JSON'],
  ['GET', 'text/*', undefined, undefined, 'JSON'],
  ['GET', 'application/json, text/html;q=0.9', undefined, undefined, 'JSON'],
  ['GET', 'application/json;q=0.8, text/html', undefined, undefined, 'redirect'],
  ['GET', 'application/json, text/html', undefined, undefined, 'redirect'],
  ['GET', 'text/html;q=0', undefined, undefined, 'JSON'],
  ['GET', 'text/html;q=nonsense', undefined, undefined, 'redirect'],
  ['GET', 'text/html;level=1; q=0.5, application/json;q=0.4', undefined, undefined, 'redirect'],
  ['GET', 'text/html2, xtext/html', undefined, undefined, 'JSON']
]

t.test('method, Accept, Sec-Fetch-Mode and Sec-Fetch-Dest decide', async (t) => {
  for (const [method, accept, mode, dest, answer] of table) {
    const headers = Object.fromEntries(Object.entries({ accept, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }).filter(([, value]) => value !== undefined))
    t.strictSame([isPageLoad({ method, headers }), isFormSent({ method, headers })], [answer === 'redirect', answer === 'page'], JSON.stringify([method, accept, mode, dest]))
  }
})

t.test('the documented rows are true', async (t) => {
  const page = readFileSync(join(projectRoot, 'docs/reference/routes.md'), 'utf8')
  const rows = [...page.matchAll(/^\| (GET|HEAD|POST|any) \| (.+) \| (.+) \| (.+) \| (303|page|JSON) \|$/gm)]
  t.ok(rows.length > 6)
  for (const [row, method = '', accept = '', mode = '', dest = '', answer = ''] of rows) {
    const said = { accept, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    const headers = Object.fromEntries(Object.entries(said).filter(([, value]) => value.startsWith('`')).map(([name, value]) => [name, value.replaceAll('`', '')]))
    for (const asked of method === 'any' ? ['GET', 'POST'] : [method]) t.strictSame([isPageLoad({ method: asked, headers }), isFormSent({ method: asked, headers })], [answer === '303', answer === 'page'], row)
  }
})

t.test('a POST of a page is answered by a page where the reply is no redirect', async (t) => {
  t.equal(wantsPage({ headers: { 'sec-fetch-dest': 'document' } }), true)
})

t.test('a long Accept header is read in a moment', async (t) => {
  t.equal(wantsPage({ headers: { accept: 'a/b;q=0.1,'.repeat(20_000) } }), false)
})

t.test('display=popup alone is a popup', async (t) => {
  t.equal(wantsPopup(new URLSearchParams('display=popup')), true)
  for (const query of ['', 'display=page', 'display=POPUP', 'popup']) t.equal(wantsPopup(new URLSearchParams(query)), false, query)
})
