// What page.js adds to the page: entries made from the server's own templates, filled slot by slot as text.

const maxEntries = 10

export function slot (root, name) {
  return root.querySelector(`[data-slot="${name}"]`)
}

export function showTime (place, ms) {
  const time = document.createElement('time')
  time.dateTime = new Date(ms).toISOString()
  place.replaceChildren(time)
  localise(time)
}

export function localiseTimes () {
  document.querySelectorAll('time').forEach(localise)
}

function localise (time) {
  time.textContent = new Date(time.dateTime).toLocaleTimeString()
}

export function addRefresh ({ at, from, to, by }) {
  const entry = copyOf('refresh')
  slot(entry, 'from').textContent = from
  slot(entry, 'to').textContent = to
  slot(entry, 'by').textContent = by ? ` by process ${by}` : ''
  showTime(slot(entry, 'at'), at)
  prepend(document.querySelector('[data-refreshes]'), entry)
}

/** Where several processes serve this page: how often each has refreshed, and which one has just answered. */
export function showProcesses ({ servedBy, counts }) {
  for (const { number, refreshes } of counts) {
    const line = document.querySelector(`[data-process="${number}"]`)
    slot(line, 'count').textContent = refreshes
    line.classList.toggle('serving', number === servedBy)
  }
}

export function addCall ({ at, method, status, body, refreshed, version, authorizeUrl }) {
  const entry = copyOf('call')
  const good = Number(status) < 400
  slot(entry, 'status').textContent = status
  slot(entry, 'status').className = `status ${good ? 'status-good' : 'status-bad'}`
  slot(entry, 'method').textContent = method
  slot(entry, 'body').textContent = typeof body === 'string' ? body : JSON.stringify(body, null, 2)
  showTime(slot(entry, 'at'), at)
  const note = slot(entry, 'note')
  note.hidden = !refreshed && !authorizeUrl
  if (refreshed) note.textContent = `This call caused a refresh: the grant is now at version ${version}.`
  if (authorizeUrl) note.replaceChildren('This needs your permission. ', linkTo(authorizeUrl, 'Continue at the provider'))
  prepend(document.querySelector('[data-log]'), entry)
}

function linkTo (href, words) {
  const link = document.createElement('a')
  link.href = href
  link.textContent = words
  return link
}

function copyOf (name) {
  return document.querySelector(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true)
}

function prepend (list, entry) {
  list.prepend(entry)
  while (list.children.length > maxEntries) list.lastElementChild.remove()
}
