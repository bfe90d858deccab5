// The refreshes that have been seen, newest first.
import { html } from '../html.js'
import { renderTime } from './time.js'

const maxShown = 10

export function renderRefreshes (refreshes = []) {
  return html`<section class="panel refreshes" aria-labelledby="refreshes-title">
  <h2 id="refreshes-title">Refreshes</h2>
  <p class="muted">At most one for each token, however many calls want it.</p>
  <ol class="timeline" data-refreshes aria-live="polite">${refreshes.slice(0, maxShown).map(renderRefresh)}</ol>
  <p class="empty">None yet. A call when the token is about to end, or has ended, causes one.</p>
  <template data-template="refresh">${renderRefresh({})}</template>
</section>`
}

/** @param {{ at?: number, fromVersion?: number, toVersion?: number }} refresh */
function renderRefresh ({ at, fromVersion, toVersion }) {
  return html`<li>
    <span>Version <b data-slot="from">${fromVersion}</b>
      <span aria-hidden="true">→</span><span class="visually-hidden">to</span> <b data-slot="to">${toVersion}</b></span>
    <span class="muted" data-slot="at">${at && renderTime(at)}</span>
  </li>`
}
