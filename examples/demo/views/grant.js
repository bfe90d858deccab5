// The grant, without its secrets, and the time that its access token has left. page.js keeps both going.
import { html } from '../html.js'
import { renderTime } from './time.js'

export function renderGrant (grant, now) {
  const { provider, tokenType, account, authorizedAt, updatedAt, version, hasRefreshToken } = grant
  return html`<section class="panel grant" aria-labelledby="grant-title" data-grant data-now="${now}"
  data-provider="${provider}" data-authorized-at="${authorizedAt}"
  data-version="${version}" data-expires-at="${grant.expiresAt}" data-updated-at="${updatedAt}"
  data-refreshable="${hasRefreshToken ? 'yes' : 'no'}">
  <div class="panel-head"><h2 id="grant-title">Grant</h2><span class="tag" data-slot="version">version ${version}</span></div>
  ${renderCountdown(grant, now)}
  <dl class="facts facts-wide">
    <div><dt>Token type</dt><dd>${tokenType}</dd></div>
    <div><dt>Refresh token</dt><dd>${hasRefreshToken ? 'kept on the server' : 'none'}</dd></div>
    <div><dt>Account</dt><dd><code>${account}</code></dd></div>
    <div><dt>Last changed</dt><dd data-slot="updated-at">${renderTime(updatedAt)}</dd></div>
    <div class="facts-row"><dt>Scope</dt><dd><ul class="chips" data-slot="scope">${
      scopeList(grant.scope).map((scope) => html`<li>${scope}</li>`)
    }</ul></dd></div>
  </dl>
  <p class="notice" data-slot="ended" role="status" ${(hasRefreshToken || !isOver(grant, now)) && html`hidden`}>There is no
    refresh token, so this login has ended. <a href="/oauth/${encodeURIComponent(provider)}">Sign in again</a></p>
  <p class="notice" data-slot="gone" role="status" hidden>This grant is gone. <a href="/">Start again</a></p>
</section>`
}

function isOver ({ expiresAt }, now) {
  return Boolean(expiresAt) && expiresAt <= now
}

function renderCountdown ({ expiresAt, updatedAt, hasRefreshToken }, now) {
  if (!expiresAt) return html`<p class="countdown"><strong class="countdown-time">No expiry</strong></p>`
  const left = Math.max(0, Math.ceil((expiresAt - now) / 1000))
  const life = Math.max(1, Math.round((expiresAt - updatedAt) / 1000))
  const rest = hasRefreshToken ? 'expired: the next call refreshes it' : 'expired'
  return html`<div class="countdown" data-countdown data-phase="${left > 0 ? 'fresh' : 'over'}">
    <p><strong class="countdown-time" role="timer" data-slot="left">${clock(left)}</strong>
      <span data-slot="phase">${left > 0 ? 'until the access token expires' : rest}</span></p>
    <progress max="${life}" value="${Math.min(left, life)}" aria-label="Lifetime left of the access token"></progress>
  </div>`
}

function clock (seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function scopeList (scope) {
  return Array.isArray(scope) ? scope : (scope ?? '').split(' ').filter(Boolean)
}
