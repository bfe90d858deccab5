// The plugin's own pages: their frame, and their Content-Security-Policy, which allows by hash what stands in them, and nothing else.
import { createHash } from 'node:crypto'

/** A style or a script that stands in a page, and the source by which a policy allows it. */
export interface Inline { text: string, source: string }

export interface Page {
  title: string
  style: Inline
  /** A path of this origin. At the same specificity it wins over `style`. */
  stylesheet?: string | undefined
  /** Markup, below the title. */
  body: string
  /** Attributes of the body, as markup. */
  data?: string
  script?: Inline
}

export function inline (text: string): Inline {
  return { text, source: `'sha256-${createHash('sha256').update(text).digest('base64')}'` }
}

export function htmlOf ({ title, style, stylesheet, body, data, script }: Page): string {
  const link = stylesheet === undefined ? '' : `<link rel="stylesheet" href="${escape(stylesheet)}">`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${style.text}</style>${link}</head>
<body${data === undefined ? '' : ` ${data}`}><main><h1>${escape(title)}</h1>${body}</main>${script === undefined ? '' : `<script>${script.text}</script>`}</body>
</html>
`
}

export function policyOf ({ style, stylesheet, script }: Page): string {
  const scripts = script === undefined ? '' : ` script-src ${script.source};`
  return `default-src 'none';${scripts} style-src ${style.source}${stylesheet === undefined ? '' : " 'self'"}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

/** A text as markup. */
export function escape (text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
