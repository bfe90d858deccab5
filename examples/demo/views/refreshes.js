// The refreshes that have been seen, newest first.
import { html } from '../html.js'
import { renderTime } from './time.js'

const maxShown = 10

/** `processes`: undefined where there is one, or { servedBy, counts: [{ number, refreshes }] } */
export function renderRefreshes (refreshes = [], processes = undefined) {
  return html`<section class="panel refreshes" aria-labelledby="refreshes-title">
  <h2 id="refreshes-title">Refreshes</h2>
  <p class="muted">At most one for each token, however many calls want it${processes && ', in whichever process'}.</p>
  ${processes && renderProcesses(processes)}
  <ol class="timeline" data-refreshes aria-live="polite">${refreshes.slice(0, maxShown).map(renderRefresh)}</ol>
  <p class="empty">None yet. A call when the token is about to end, or has ended, causes one.</p>
  <template data-template="refresh">${renderRefresh({})}</template>
</section>`
}

function renderProcesses ({ servedBy, counts }) {
  return html`<ul class="processes" data-processes>${counts.map(({ number, refreshes }) => html`
    <li data-process="${number}" ${number === servedBy && html`class="serving"`}>
      <span>Process ${number}</span> <b data-slot="count">${refreshes}</b>
    </li>`)}
  </ul>
  <p class="muted">Refreshes of each process, of everybody who is signed in. The marked one gave the last answer.</p>`
}

/** @param {{ at?: number, fromVersion?: number, toVersion?: number, by?: number }} refresh */
function renderRefresh ({ at, fromVersion, toVersion, by }) {
  return html`<li>
    <span>Version <b data-slot="from">${fromVersion}</b>
      <span aria-hidden="true">→</span><span class="visually-hidden">to</span> <b data-slot="to">${toVersion}</b><span data-slot="by">${by && ` by process ${by}`}</span></span>
    <span class="muted" data-slot="at">${at && renderTime(at)}</span>
  </li>`
}
