// "Call the API": a form that works by itself, and a log that page.js adds to from the template at its end.
import { html } from '../html.js'
import { renderTime } from './time.js'

const maxShown = 10

export function renderCalls ({ api, calls = [], write }) {
  return html`<section class="panel calls" aria-labelledby="calls-title">
  <div class="panel-head">
    <h2 id="calls-title">Call the API</h2>
    <label class="switch" data-needs-script hidden><input type="checkbox" data-repeat> Repeat every 10 s</label>
  </div>
  <form method="get" action="${api.url}" class="call-form" data-call>
    <button class="button">${api.label}</button>
    <span class="muted">The plugin signs the call; the page sees the answer.</span>
  </form>
  ${write && renderWrite(write, api.url)}
  <ol class="log" data-log aria-live="polite">${calls.slice(0, maxShown).map((call) => renderCall(call, api.url))}</ol>
  <p class="empty">Nothing called yet. Try it now, and again when the token has expired.</p>
  <template data-template="call">${renderCall({ method: 'GET' }, api.url)}</template>
</section>`
}

function renderWrite ({ href, allowed }, url) {
  if (!allowed) {
    return html`<p class="aside">Writing needs one more scope. <a href="${href}">Allow <code>notes:write</code></a></p>`
  }
  return html`<form method="post" action="${url}" class="inline-form" data-write>
    <label class="visually-hidden" for="text">A note</label>
    <input id="text" name="text" required maxlength="200" autocomplete="off" placeholder="Write a note">
    <button class="button button-quiet">Add</button>
  </form>`
}

/** @param {{ at?: number, method?: string, status?: number, body?: unknown, version?: number, refreshed?: boolean }} call */
function renderCall ({ at, method, status = 0, body, version, refreshed }, url) {
  return html`<li class="call">
    <p class="call-line">
      <span class="status ${status >= 400 ? 'status-bad' : 'status-good'}" data-slot="status">${status}</span>
      <code><span data-slot="method">${method}</span> ${url}</code>
      <span class="muted" data-slot="at">${at && renderTime(at)}</span>
    </p>
    ${noteOf({ refreshed, version })}
    <details><summary>Answer</summary><pre data-slot="body">${typeof body === 'string' ? body : JSON.stringify(body, null, 2)}</pre></details>
  </li>`
}

function noteOf ({ refreshed, version }) {
  const words = `This call caused a refresh: the grant is now at version ${version}.`
  return html`<p class="call-note" data-slot="note" ${!refreshed && html`hidden`}>${refreshed && words}</p>`
}
