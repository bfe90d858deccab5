// The pages of the provider: login, consent, logout and errors, in the look of the demo's own style.css.
import { readFile } from 'node:fs/promises'
import { html, trusted } from '../html.js'
import { monogram, renderDocument } from '../layout.js'

const styleFile = new URL('../style.css', import.meta.url)

const scopeWords = {
  openid: ['Know that you are you', 'A lasting id for your account'],
  profile: ['See your name and picture', null],
  email: ['See your e-mail address', null],
  offline_access: ['Keep this access', 'Also while you are away'],
  'notes:read': ['Read your notes', null],
  'notes:write': ['Write notes in your name', null]
}

export async function serveStyle (ctx, next) {
  if (ctx.path !== '/style.css') return next()
  ctx.type = 'css'
  ctx.body = await readFile(styleFile, 'utf8')
}

export function renderLoginPage (ctx, { clientName, users }) {
  const choices = users.map((user) => html`
    <button class="choice" name="account" value="${user.id}">
      ${monogram(user.name)}
      <span class="choice-words"><strong>${user.name}</strong><span>${user.email}</span></span>
    </button>`)
  send(ctx, 'Sign in', html`
    <h1>Choose an account</h1>
    <p class="lede">to continue to <strong>${clientName}</strong>. There is no password: nobody here is real.</p>
    <form method="post" class="stack">${choices}</form>
    <p class="rule"><span>or be somebody else</span></p>
    <form method="post" class="inline-form">
      <label class="visually-hidden" for="name">Any name</label>
      <input id="name" name="name" required maxlength="60" autocomplete="off" placeholder="Any name">
      <button class="button">Continue</button>
    </form>
    <form method="post" class="centred"><button class="link-button" name="decision" value="deny">Cancel</button></form>`)
}

export function renderConsentPage (ctx, { clientName, user, scopes, added }) {
  const title = added.length ? 'One more permission' : 'Allow access?'
  send(ctx, title, html`
    <h1>${title}</h1>
    <p class="lede"><strong>${clientName}</strong> ${added.length ? 'would also like to' : 'would like to'}:</p>
    <ul class="scopes">${(added.length ? added : scopes).map(renderScope)}</ul>
    <div class="who">
      ${monogram(user.name)}
      <span class="choice-words"><strong>${user.name}</strong><span>${user.email}</span></span>
      <a href="?switch">Not you?</a>
    </div>
    <form method="post" class="pair">
      <button class="button button-quiet" name="decision" value="deny">Deny</button>
      <button class="button" name="decision" value="allow">Allow</button>
    </form>`)
}

function renderScope (scope) {
  const [words, detail] = scopeWords[scope] ?? [`Use “${scope}”`, null]
  return html`<li><strong>${words}</strong>${detail && html`<span>${detail}</span>`}<code>${scope}</code></li>`
}

/** `form` is oidc-provider's own, hidden fields and all; the buttons refer to it by its id. */
export function renderLogoutPage (ctx, form) {
  send(ctx, 'Sign out', html`
    <h1>Sign out of Demo ID?</h1>
    <p class="lede">The app has signed you out. Your session here goes on until you end it too.</p>
    ${trusted(form)}
    <div class="pair">
      <button class="button button-quiet" form="op.logoutForm">Stay signed in</button>
      <button class="button" form="op.logoutForm" name="logout" value="yes">Sign out</button>
    </div>`)
}

export function renderLoggedOutPage (ctx) {
  send(ctx, 'Signed out', html`
    <h1>Signed out</h1>
    <p class="lede">You can close this page.</p>`)
}

/**
 * @param {any} ctx
 * @param {{ error: string, error_description?: string }} failure
 */
export function renderErrorPage (ctx, { error, error_description: description }) {
  send(ctx, 'That did not work', html`
    <h1>That did not work</h1>
    <p class="lede">${description ?? 'The request could not be answered.'}</p>
    <p class="centred"><code>${error}</code></p>`)
}

/** For a sign-in that took too long, or whose user another tab has replaced. */
export function renderEndedPage (ctx) {
  const [app] = ctx.state.formTargets
  send(ctx, 'Start again', html`
    <h1>This sign-in has ended</h1>
    <p class="lede">It took too long, or another one has taken its place. Nothing has changed.</p>
    <p><a href="${new URL('/', app).href}">Back to the app</a></p>`)
}

function send (ctx, title, content) {
  // Chromium applies form-action to the redirects after a form too, and these end at the client.
  const targets = (ctx.state.formTargets ?? clientTargets(ctx)).map((uri) => new URL(uri).origin)
  ctx.set('content-security-policy', "default-src 'none'; style-src 'self'; img-src 'self' data:; " +
    `base-uri 'none'; frame-ancestors 'none'; form-action ${["'self'", ...new Set(targets)].join(' ')}`)
  ctx.type = 'html'
  ctx.body = renderDocument({
    title: `${title} · Demo ID`,
    bodyClass: 'provider',
    body: html`<main class="card">
  <p class="brand">${monogram('Demo ID', 'brand-mark')}<span>Demo ID</span></p>${content}
</main>
<p class="footnote">A real OpenID provider, running inside this demo.</p>`
  })
}

function clientTargets (ctx) {
  const client = ctx.oidc?.client
  return client ? [...client.redirectUris, ...client.postLogoutRedirectUris] : []
}
