// A tagged template that escapes whatever is put into it: the only way the demo's pages are written.

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

class Markup {
  constructor (text) {
    this.text = text
  }

  toString () {
    return this.text
  }
}

/** html`<p>${anything}</p>`: text is escaped, markup made by this tag is kept, lists are joined, nothing is nothing. */
export function html (strings, ...values) {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)))
}

/** Markup that was made elsewhere and is known to be safe. */
export function trusted (text) {
  return new Markup(text)
}

function render (value) {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  return String(value).replace(/[&<>"']/g, (char) => entities[char])
}
