// Login and consent pages, and the page of a form_post (OAuth 2.0 Form Post Response Mode).

/** Text in HTML. */
export function escapeHtml (text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

export function unescapeHtml (text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
}

export interface LoginPage { action: string, interaction: string, users: string[], hint: string | undefined }

export function loginPage ({ action, interaction, users, hint }: LoginPage): string {
  const options = users.map(sub => `<option value="${escapeHtml(sub)}"${sub === hint ? ' selected' : ''}>${escapeHtml(sub)}</option>`)
  return page('Sign in', `<form method="post" action="${escapeHtml(action)}">
${hidden('interaction', interaction)}
<label>User <select name="username">${options.join('')}</select></label>
<button name="decision" value="login">Sign in</button>
</form>`)
}

export interface ConsentPage { action: string, interaction: string, client: string, scope: readonly string[] }

export function consentPage ({ action, interaction, client, scope }: ConsentPage): string {
  const boxes = scope.map(name => `<label><input type="checkbox" name="scope" value="${escapeHtml(name)}" checked> ${escapeHtml(name)}</label>`)
  return page(`Allow ${client}?`, `<form method="post" action="${escapeHtml(action)}">
${hidden('interaction', interaction)}
${boxes.join('<br>\n')}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`)
}

/** Sends itself, as such pages do. */
export function formPostPage (action: string, params: URLSearchParams): string {
  const fields = [...params].map(([name, value]) => hidden(name, value))
  return page('Continue', `<form method="post" action="${escapeHtml(action)}">
${fields.join('\n')}
<button>Continue</button>
</form><script>document.forms[0].submit()</script>`)
}

export function errorPage (message: string): string {
  return page('This login cannot go on', `<p class="error">${escapeHtml(message)}</p>`)
}

/** What a user types into a client that has no address to come back to (RFC 5849 section 2.1, `oob`). */
export function verifierPage (verifier: string): string {
  return page('Signed in', `<p>Enter this at the application: <code>${escapeHtml(verifier)}</code></p>`)
}

/** A form of one of these pages, as a browser reads it. */
export interface PageForm { action: string, fields: URLSearchParams }

/** Its form, with every box checked and no button pressed; undefined where there is none. */
export function formOf (text: string): PageForm | undefined {
  const action = /<form method="post" action="([^"]*)">/.exec(text)?.[1]
  if (action === undefined) return undefined
  const inputs = [...text.matchAll(/<input [^>]*name="([^"]*)" value="([^"]*)"/g)]
  return { action: unescapeHtml(action), fields: new URLSearchParams(inputs.map(([, name = '', value = '']): [string, string] => [unescapeHtml(name), unescapeHtml(value)])) }
}

/** What an error page says. */
export function errorOf (text: string): string | undefined {
  const message = /<p class="error">([^<]*)</.exec(text)?.[1]
  return message === undefined ? undefined : unescapeHtml(message)
}

function hidden (name: string, value: string): string {
  return `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`
}

function page (title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title><h1>${escapeHtml(title)}</h1>\n${body}\n</html>`
}
