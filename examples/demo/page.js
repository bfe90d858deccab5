// The page's own script: counts down, looks for a new grant every 2 seconds, and calls the API without leaving the page.
import { addCall, addRefresh, localiseTimes, showProcesses, showTime, slot } from './page-parts.js'

const pollEvery = 2000
const repeatEvery = 10_000
const soon = 15

const panel = document.querySelector('[data-grant]')
const apiUrl = document.querySelector('[data-call]').getAttribute('action')
const skew = Number(panel.dataset.now) - Date.now()
const grantUrl = `/grant?provider=${encodeURIComponent(panel.dataset.provider)}`
let grant = {
  authorizedAt: Number(panel.dataset.authorizedAt),
  version: Number(panel.dataset.version),
  expiresAt: Number(panel.dataset.expiresAt) || null,
  updatedAt: Number(panel.dataset.updatedAt)
}

function tick () {
  const countdown = panel.querySelector('[data-countdown]')
  if (!countdown || !grant.expiresAt) return
  const left = Math.max(0, Math.ceil((grant.expiresAt - Date.now() - skew) / 1000))
  const bar = countdown.querySelector('progress')
  bar.max = Math.max(1, Math.round((grant.expiresAt - grant.updatedAt) / 1000))
  bar.value = left
  countdown.dataset.phase = left === 0 ? 'over' : left <= soon ? 'soon' : 'fresh'
  slot(countdown, 'left').textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  slot(countdown, 'phase').textContent = phaseWords(left)
  slot(panel, 'ended').hidden = left > 0 || panel.dataset.refreshable === 'yes'
}

function phaseWords (left) {
  if (left > 0) return 'until the access token expires'
  return panel.dataset.refreshable === 'yes' ? 'expired: the next call refreshes it' : 'expired'
}

/** Takes what the server says about the grant. Newer tokens under the same login are a refresh. */
function seeGrant ({ processes, refreshes = [], ...seen }) {
  if (processes) showProcesses(processes)
  // Another tab has signed in since: everything on this page may be different.
  if (seen.authorizedAt !== grant.authorizedAt) return window.location.reload()
  if (seen.updatedAt < grant.updatedAt) return
  if (seen.updatedAt > grant.updatedAt) {
    addRefresh({ at: seen.updatedAt, from: grant.version, to: seen.version, by: refreshes.find(({ at }) => at === seen.updatedAt)?.by })
    panel.classList.add('renewed')
  }
  grant = seen
  slot(panel, 'version').textContent = `version ${seen.version}`
  showTime(slot(panel, 'updated-at'), seen.updatedAt)
  panel.dataset.refreshable = seen.hasRefreshToken ? 'yes' : 'no'
  tick()
}

async function poll () {
  if (document.hidden) return
  try {
    const response = await fetch(grantUrl, { headers: { accept: 'application/json' } })
    const seen = response.ok && response.status !== 204 ? await response.json() : null
    slot(panel, 'gone').hidden = Boolean(seen)
    if (seen) seeGrant(seen)
  } catch {
    // The app may be restarting: the next poll tells.
  }
}

async function call (method, init = {}) {
  const response = await fetch(apiUrl, { method, ...init, headers: { accept: 'application/json', ...init.headers } })
  const answer = await response.json()
  // An answer of the guard instead of the API's: it holds the address where the missing permission is given.
  const { at = Date.now() + skew, status = response.status, body = answer, refreshed = false } = answer.grant ? answer : {}
  const { grant: seen, authorizeUrl } = answer
  addCall({ at, method, status, body, refreshed, version: seen?.version, authorizeUrl })
  if (seen) seeGrant({ ...seen, processes: answer.processes, refreshes: answer.refreshes })
}

async function attempt (method, init) {
  try {
    await call(method, init)
  } catch {
    addCall({ at: Date.now() + skew, method, status: 'failed', body: 'The app did not answer.' })
  }
}

document.querySelector('[data-call]').addEventListener('submit', (event) => {
  event.preventDefault()
  attempt('GET')
})

document.querySelector('[data-write]')?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.target
  const body = JSON.stringify({ text: new FormData(form).get('text') })
  await attempt('POST', { body, headers: { 'content-type': 'application/json' } })
  form.reset()
})

for (const part of document.querySelectorAll('[data-needs-script]')) part.hidden = false
const repeat = document.querySelector('[data-repeat]')
repeat.addEventListener('change', () => repeat.checked && attempt('GET'))
setInterval(() => repeat.checked && !document.hidden && attempt('GET'), repeatEvery)
setInterval(tick, 250)
setInterval(poll, pollEvery)
document.addEventListener('visibilitychange', poll)
panel.addEventListener('animationend', () => panel.classList.remove('renewed'))
localiseTimes()
tick()
