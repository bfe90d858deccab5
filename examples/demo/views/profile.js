// Who is signed in, and the way out.
import { html } from '../html.js'
import { monogram } from '../layout.js'

export function renderProfile ({ id, name, email, emailVerified, picture }, provider) {
  return html`<section class="panel profile" aria-labelledby="profile-title">
  <h2 id="profile-title">Profile</h2>
  <div class="person">
    <span class="portrait">${monogram(name ?? id, 'monogram-large')}${picture && renderPicture(picture)}</span>
    <div>
      <p class="person-name">${name ?? id}</p>
      <p class="muted">Signed in with ${provider.title}</p>
    </div>
  </div>
  <dl class="facts">
    <div><dt>E-mail</dt><dd>${renderEmail(email, emailVerified)}</dd></div>
    <div><dt>Subject</dt><dd><code>${id}</code></dd></div>
  </dl>
  <form method="post" action="/oauth/${encodeURIComponent(provider.name)}/logout">
    <button class="button button-quiet">Log out</button>
  </form>
</section>`
}

function renderPicture (url) {
  return html`<img src="${url}" alt="" width="64" height="64">`
}

function renderEmail (email, verified) {
  if (!email) return html`<span class="muted">not shared</span>`
  return html`${email} <span class="tag ${verified ? 'tag-good' : ''}">${verified ? 'verified' : 'not verified'}</span>`
}
