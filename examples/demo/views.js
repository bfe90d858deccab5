// The app's page, from a view model; docs of its shape are at renderHome. Pure: what it needs to know comes in.
import { html } from './html.js'
import { monogram, renderDocument } from './layout.js'
import { renderCalls } from './views/calls.js'
import { renderGrant } from './views/grant.js'
import { renderProfile } from './views/profile.js'
import { renderRefreshes } from './views/refreshes.js'

const protocolWords = { oidc: 'OpenID Connect', oauth2: 'OAuth 2.0', oauth1: 'OAuth 1.0a' }

const steps = [
  ['A real login', 'Authorization code with PKCE, at an OpenID provider that listens on a second port.'],
  ['A grant that stays on the server', 'The browser holds a session cookie. No token ever reaches this page.'],
  ['A refresh you can watch', 'Access tokens last one minute. Call the API after that: it answers, with a new token.']
]

/**
 * providers: [{ name, title, protocol: 'oidc' | 'oauth2' | 'oauth1', signedIn }]
 * current: null, or { provider (its name),
 *   profile: { id, name, email, emailVerified, picture },
 *   grant: { scope (string or list), tokenType, account, expiresAt (ms or null), updatedAt (ms), version, hasRefreshToken },
 *   api: { url, label }: the call that the page offers,
 *   calls: [{ at (ms), method, status, body, version, refreshed }], newest first,
 *   refreshes: [{ at (ms), fromVersion, toVersion, by (number of the process, where there are several) }], newest first,
 *   processes: nothing where there is one, or { servedBy, counts: [{ number, refreshes }] },
 *   write: optional { href, allowed }: where to ask for more scope, and whether it is there already }
 * notice: a sentence about what has just happened, or nothing
 * @param {{ providers: any[], current?: any, notice?: string, now?: number }} page
 */
export function renderHome ({ providers, current = null, notice, now = Date.now() }) {
  return renderDocument({
    title: current ? `${current.profile.name ?? current.profile.id} · fastify-oauth demo` : 'fastify-oauth demo',
    bodyClass: current ? 'signed-in' : 'signed-out',
    script: current && '/page.js',
    body: html`<a class="skip" href="#main">Skip to content</a>
${renderHeader()}
<main id="main" tabindex="-1">${notice && html`<p class="notice notice-plain" role="status" data-notice>${notice}</p>`}
${current ? renderSignedIn({ providers, current, now }) : renderSignedOut(providers)}</main>
<footer class="footer"><p>Demo ID and Photo ID run on your machine, and nobody in them is real.</p></footer>`
  })
}

function renderHeader () {
  return html`<header class="header">
  <a class="wordmark" href="/">
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><rect class="mark-tile" width="32" height="32" rx="9"/>
      <path class="mark-loop" d="M22 12a7 7 0 1 0 .6 7M22.500 8v4.500H18"/></svg>
    <span>fastify-oauth</span>
  </a>
  <span class="tag">demo</span>
</header>`
}

function renderSignedOut (providers) {
  return html`<div class="welcome">
  <section aria-labelledby="welcome-title">
    <h1 id="welcome-title">Sign in once. The tokens look after themselves.</h1>
    <p class="lede">A Fastify app with one plugin: it logs you in, keeps the grant, signs every call and
      refreshes in time.</p>
    ${renderProviders(providers, 'Continue with')}
    <p class="aside">The plugin brings <a href="/oauth">a sign-in page</a> of its own, too.</p>
  </section>
  <aside class="panel" aria-labelledby="steps-title">
    <h2 id="steps-title">What you will see</h2>
    <ol class="steps">${steps.map(([title, words]) => html`<li><h3>${title}</h3><p>${words}</p></li>`)}</ol>
  </aside>
</div>`
}

function renderSignedIn ({ providers, current, now }) {
  const provider = providers.find(({ name }) => name === current.provider) ?? { name: current.provider, title: current.provider }
  const others = providers.filter(({ name }) => name !== current.provider)
  return html`<h1 class="visually-hidden">Signed in with ${provider.title}</h1>
<div class="board">
  ${renderProfile(current.profile, provider)}
  ${renderGrant(current.grant, now)}
  ${renderCalls(current)}
  ${renderRefreshes(current.refreshes, current.processes)}
</div>
${others.length > 0 && html`<section class="others" aria-labelledby="others-title">
  <h2 id="others-title">Connect another account</h2>
  ${renderProviders(others, 'Connect')}
</section>`}`
}

function renderProviders (providers, verb) {
  return html`<ul class="providers">${providers.map(({ name, title, protocol, signedIn }) => html`
  <li><a class="choice" href="${signedIn ? '/?provider=' : '/oauth/'}${encodeURIComponent(name)}">
    ${monogram(title)}
    <span class="choice-words"><strong>${signedIn ? 'Show' : verb} ${title}</strong><span>${protocolWords[protocol] ?? protocol}</span></span>
    ${signedIn ? html`<span class="tag tag-good">Connected</span>` : html`<span class="arrow" aria-hidden="true">→</span>`}
  </a></li>`)}
</ul>`
}
