// Times as a reader without JavaScript sees them; page.js puts them into the reader's own zone.
import { html } from '../html.js'

export function renderTime (ms) {
  const iso = new Date(ms).toISOString()
  return html`<time datetime="${iso}">${iso.slice(11, 19)} UTC</time>`
}
