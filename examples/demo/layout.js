// The document around every page, of the app and of the provider: no inline script or style, for a strict CSP.
import { html } from './html.js'

const icon = 'data:image/svg+xml,' + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0a6b52"/>' +
  '<path d="M22 12a7 7 0 1 0 .6 7M22.500 8v4.500H18" fill="none" stroke="#fff" stroke-width="2.600" ' +
  'stroke-linecap="round" stroke-linejoin="round"/></svg>')

const tones = 6

/** @param {{ title: string, bodyClass: string, script?: string | null, body: unknown }} page */
export function renderDocument ({ title, bodyClass, script, body }) {
  return String(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f4f5f2">
  <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0e1412">
  <title>${title}</title>
  <link rel="icon" href="${icon}">
  <link rel="stylesheet" href="/style.css">
  ${script && html`<script type="module" src="${script}"></script>`}
</head>
<body class="${bodyClass}">
${body}
</body>
</html>
`)
}

/** A tile with the initials of a name. Its colour is a class, since a style attribute would need a laxer CSP. */
export function monogram (name, extraClass) {
  const tone = [...name].reduce((sum, char) => sum + char.codePointAt(0), 0) % tones
  return html`<span class="monogram tone-${tone} ${extraClass}" aria-hidden="true">${initials(name)}</span>`
}

function initials (name) {
  const words = name.split(/[\s_-]+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...(words[0] ?? '?')].slice(0, 1)
  return letters.join('').toUpperCase()
}
