import { createHash } from 'node:crypto'
import t from 'tap'
import { errorPage as pageOf } from '../../lib/web/error-page.js'
import type { ErrorPage } from '../../lib/web/error-page.js'
import { htmlOf, policyOf } from '../../lib/web/page.js'

const errorPage = (view: ErrorPage) => htmlOf(pageOf(view))
const page = { statusCode: 400, code: 'FST_OAUTH_STATE_USED', message: 'It was already finished.' }

t.test('the page says what happened, and under which code', async (t) => {
  const html = errorPage(page)
  t.match(html, /^<!doctype html>\n<html lang="en">/)
  t.match(html, '<p>It was already finished.</p>')
  t.match(html, '<code>FST_OAUTH_STATE_USED</code>')
})

t.test('the title tells a refusal, a failed login and a fault apart', async (t) => {
  const titleOf = (statusCode: number) => /<title>(.*)<\/title>/.exec(errorPage({ ...page, statusCode }))?.[1]
  t.equal(titleOf(403), 'No access')
  t.equal(titleOf(400), 'Login not completed')
  t.equal(titleOf(404), 'Login not completed')
  t.equal(titleOf(500), 'Login not possible now')
  t.equal(titleOf(503), 'Login not possible now')
})

t.test('there is a link to try again where there is an address for it', async (t) => {
  t.match(errorPage({ ...page, retryUrl: '/oauth/x?returnTo=%2Fa' }), '<a href="/oauth/x?returnTo=%2Fa">')
  t.notMatch(errorPage(page), '<a ')
})

t.test('what was sent and not taken says so, with the way to allow it', async (t) => {
  const html = errorPage({ statusCode: 401, code: 'FST_OAUTH_GRANT_REQUIRED', message: 'This needs your login.', allowUrl: 'https://app.example/oauth/x?login="' })
  t.match(html, '<title>Login needed</title>')
  t.match(html, 'What you sent was not taken.')
  t.match(html, '<a href="https://app.example/oauth/x?login=&#34;">Log in and allow it</a>')
})

t.test('nothing that is put in becomes markup', async (t) => {
  const html = errorPage({ statusCode: 400, code: '<b>', message: '<script>alert("1")</script>&\'', retryUrl: '"><script>' })
  t.notMatch(html, '<script')
  t.notMatch(html, '<b>')
  t.match(html, '&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;')
})

t.test('the style is the one that the policy allows, and the page loads nothing', async (t) => {
  const html = errorPage(page)
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ''
  t.match(policyOf(pageOf(page)), ` style-src 'sha256-${createHash('sha256').update(style).digest('base64')}';`)
  t.notMatch(html, /<(script|link|img|iframe)|url\(|https?:/)
})
