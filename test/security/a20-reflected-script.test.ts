// A20: nothing of a request or of a provider's answer becomes markup, or is repeated at all.
import { request } from 'undici'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'

const marker = 'reflected7131'
const scripts = [`<script>${marker}</script>`, `"><img src=x onerror=${marker}>`, `'onmouseover='${marker}`, `javascript:${marker}`, `{{${marker}}}`, `\${${marker}}`, `</title><svg/onload=${marker}>`, `%3Cscript%3E${marker}`, `&lt;script&gt;${marker}`]

t.test('A20: in the parameters of a callback', async (t) => {
  const scene = await startScene(t)
  for (const script of scripts) {
    for (const accept of ['text/html', 'application/json']) {
      for (const parameter of ['state', 'error', 'error_description', 'error_uri', 'code', 'iss', 'unknown']) {
        for (const known of [true, false]) {
          const browser = new Browser()
          const url = new URL(`${scene.url}/oauth/test/callback`)
          url.searchParams.set('error', 'access_denied')
          url.searchParams.set('state', known ? String(new URL(await scene.begin(browser)).searchParams.get('state')) : 'unknown')
          url.searchParams.set(parameter, script)
          const { status, text, headers } = await browser.open(url.href, { headers: { accept } })
          const head = JSON.stringify([...headers])
          if (status < 400 || text.includes(marker) || head.includes(marker)) t.fail(`${parameter}=${script}: ${status} ${text} ${head}`)
        }
      }
    }
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
  t.notOk(scene.provider.requests.some(({ query }) => query.toString().includes(marker)))
})

t.test('A20: in the name of a provider, and elsewhere in an address', async (t) => {
  const scene = await startScene(t)
  for (const script of scripts) {
    const name = encodeURIComponent(script)
    for (const address of [`/oauth/${name}`, `/oauth/${name}/callback?code=x&state=y`, `/oauth/test?returnTo=${name}&login=${name}`, `/oauth/test/callback?${name}=${name}`]) {
      for (const accept of ['text/html', 'application/json']) {
        const { statusCode, headers, body } = await request(`${scene.url}${address}`, { headers: { accept, 'sec-fetch-site': 'cross-site' } })
        const text = await body.text()
        const type = String(headers['content-type'])
        t.ok(statusCode >= 400, `${address}: ${statusCode}`)
        t.notMatch(text, /<script|<img|<svg|onmouseover='|href="javascript/i, `${address}: no markup`)
        if (type.startsWith('text/html')) t.equal(text.includes(script), false, 'not repeated as it is')
      }
    }
  }
})

t.test('A20: in what a provider answers', async (t) => {
  const scene = await startScene(t)
  for (const script of scripts) {
    scene.provider.on('/token', () => ({ status: 400, body: { error: script, error_description: script, error_uri: script } }))
    for (const accept of ['text/html', 'application/json']) {
      const browser = new Browser()
      const { status, text, headers } = await browser.open(await scene.callback(browser), { headers: { accept } })
      t.ok(status >= 400)
      t.notMatch(text + JSON.stringify([...headers]), marker)
    }
  }
})

t.test('A20: a provider that describes itself with markup', async (t) => {
  for (const metadata of [{ code_challenge_methods_supported: scripts }, { issuer: scripts[0] }, { authorization_endpoint: 5 }]) {
    const scene = await startScene(t)
    scene.provider.metadata = metadata
    for (const accept of ['text/html', 'application/json']) {
      const { status, text } = await new Browser().open(`${scene.url}/oauth/test`, { headers: { accept } })
      t.equal(status, 503)
      t.notMatch(text, marker)
    }
  }
})

t.test('A20: a page that holds no script, and lets none run', async (t) => {
  const scene = await startScene(t)
  const { status, headers, text } = await new Browser().open(`${scene.url}/oauth/test/callback?error=x&state=y`)
  t.equal(status, 400)
  t.match(headers.get('content-type'), 'text/html; charset=utf-8')
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  const policy = String(headers.get('content-security-policy'))
  for (const directive of ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) t.match(policy, directive)
  t.notMatch(policy, /unsafe|script-src|\*/)
  t.notMatch(text, /<script|\son\w+=|javascript:/i)
})

t.test('A20: in the page of a popup', async (t) => {
  const scene = await startScene(t)
  for (const script of scripts) {
    const browser = new Browser()
    const url = new URL(`${scene.url}/oauth/test/callback`)
    url.searchParams.set('error', script)
    url.searchParams.set('error_description', script)
    url.searchParams.set('state', String(new URL(await scene.begin(browser, `/oauth/test?display=popup&x=${encodeURIComponent(script)}`)).searchParams.get('state')))
    const { text, headers } = await browser.open(url.href)
    t.match(headers.get('content-security-policy'), /^default-src 'none'; script-src 'sha256-[^' ]+'; /)
    t.notMatch(text, marker, script)
    t.match(text, 'data-result=')
  }
})
