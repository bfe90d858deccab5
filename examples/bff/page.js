// The single-page app. It knows no token: it calls its own origin, and opens authorizeUrl where a login is needed.
const find = (selector) => document.querySelector(selector)

async function call (path, options, isRepeated = false) {
  const response = await fetch(path, { ...options, headers: { accept: 'application/json', 'content-type': 'application/json' } })
  const body = await response.json()
  if (response.ok) return body
  // Without authorizeUrl the API itself refused the token. By now the server has another; where it has none, a login brings one.
  if (response.status === 401 && body.authorizeUrl === undefined && options === undefined && !isRepeated) return call(path, options, true)
  show({ authorizeUrl: body.authorizeUrl ?? '/oauth/notes' })
  return undefined
}

function show ({ name, version, authorizeUrl }) {
  find('#who').textContent = name === undefined ? 'Not signed in' : `Signed in as ${name}, grant version ${version}`
  find('#login').hidden = name !== undefined
  find('#notes').hidden = name === undefined
  if (authorizeUrl !== undefined) find('#login').href = authorizeUrl
}

async function read () {
  const answer = await call('/api/notes')
  if (answer === undefined) return
  find('ul').replaceChildren(...answer.notes.map(({ text }) => Object.assign(document.createElement('li'), { textContent: text })))
  const me = await call('/me')
  if (me !== undefined) show(me)
}

find('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { text } = event.target.elements
  await call('/api/notes', { method: 'POST', body: JSON.stringify({ text: text.value }) })
  text.value = ''
  await read()
})
find('#reload').addEventListener('click', read)
find('#logout').addEventListener('click', async () => {
  const { endSessionUrl } = await call('/oauth/notes/logout', { method: 'POST', body: '{}' }) ?? {}
  // There the user's session at the provider ends too; it leads back here.
  if (endSessionUrl !== undefined) return window.location.assign(endSessionUrl)
  await read()
})
await read()
