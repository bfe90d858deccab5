// The page that lists the providers: links, no script, no image, light and dark; its look can be set anew by CSS variables.
import { createHash } from 'node:crypto'
import { escape, inline } from './page.js'
import type { Page } from './page.js'

const style = inline(`:root{color-scheme:light dark;--oauth-background:light-dark(#f4f5f8,#14161b);--oauth-surface:light-dark(#fff,#1e2129);
--oauth-text:light-dark(#1b1e25,#e9ebf1);--oauth-muted:light-dark(#565d6b,#a7adbb);--oauth-border:light-dark(#d5d9e1,#383d49);
--oauth-accent:light-dark(#1a56c4,#8ab4ff);--oauth-radius:12px;--oauth-font:system-ui,sans-serif}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 var(--oauth-font);
background:var(--oauth-background);color:var(--oauth-text)}
main{width:min(26rem,100%);padding:2rem 1.25rem}h1{margin:0 0 1.25rem;font-size:1.5rem;line-height:1.25;text-align:center}
p{text-align:center;color:var(--oauth-muted)}
ul{margin:0;padding:0;list-style:none;display:grid;gap:.625rem}
a{display:flex;align-items:center;gap:.875rem;min-height:3.25rem;padding:.5rem .875rem;border:1px solid var(--oauth-border);
border-radius:var(--oauth-radius);background:var(--oauth-surface);color:inherit;text-decoration:none;overflow-wrap:anywhere}
a:hover{border-color:var(--oauth-accent)}a:focus-visible{outline:3px solid var(--oauth-accent);outline-offset:2px}
.mark{flex:none;display:grid;place-items:center;width:2.25rem;height:2.25rem;border-radius:calc(var(--oauth-radius)*.6);
font-size:.875rem;font-weight:600;color:#fff;background:hsl(var(--hue) 45% 32%)}
${Array.from({ length: 12 }, (_, index) => `.h${index}{--hue:${index * 30}}`).join('')}
@media (forced-colors:active){.mark{border:1px solid}}`)

export interface SignInChoice {
  name: string
  title: string
  /** Where its login starts; a path. */
  loginUrl: string
}

export interface SignInView {
  title: string
  /** A path of this origin. */
  stylesheet: string | undefined
  choices: readonly SignInChoice[]
}

export function signInPage ({ title, stylesheet, choices }: SignInView): Page {
  const list = choices.length === 0 ? '<p>There is no way to sign in yet.</p>' : `<ul>\n${choices.map(itemOf).join('\n')}\n</ul>`
  return { title, style, stylesheet, body: `\n${list}` }
}

function itemOf ({ title, loginUrl }: SignInChoice): string {
  return `<li><a href="${escape(loginUrl)}"><span class="mark h${hueOf(title)}" aria-hidden="true">${escape(monogramOf(title))}</span><span>Continue with ${escape(title)}</span></a></li>`
}

/** The first letters of its first two words; of one word, its first letter. */
export function monogramOf (title: string): string {
  const words = title.match(/[\p{L}\p{N}]+/gu) ?? [title]
  return words.slice(0, 2).map(word => String.fromCodePoint(word.codePointAt(0) as number)).join('').toUpperCase()
}

// The same for a title wherever it stands in the list.
function hueOf (title: string): number {
  return createHash('sha256').update(title).digest().readUInt8(0) % 12
}
