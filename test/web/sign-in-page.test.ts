import { createHash } from 'node:crypto'
import t from 'tap'
import { htmlOf, policyOf } from '../../lib/web/page.js'
import { monogramOf, signInPage as pageOf } from '../../lib/web/sign-in-page.js'
import type { SignInView } from '../../lib/web/sign-in-page.js'

const signInPage = (view: SignInView) => htmlOf(pageOf(view))
const page = { title: 'Sign in', stylesheet: undefined, choices: [{ name: 'github', title: 'GitHub', loginUrl: '/oauth/github' }] }

t.test('a link for each provider, whose monogram says nothing to a screen reader', async (t) => {
  const html = signInPage(page)
  t.match(html, /^<!doctype html>\n<html lang="en">/)
  t.match(html, '<h1>Sign in</h1>')
  t.match(html, /<li><a href="\/oauth\/github"><span class="mark h\d+" aria-hidden="true">G<\/span><span>Continue with GitHub<\/span><\/a><\/li>/)
})

t.test('without providers it says so', async (t) => {
  const html = signInPage({ ...page, choices: [] })
  t.match(html, 'There is no way to sign in yet')
  t.notMatch(html, '<ul>')
})

t.test('nothing that is put in becomes markup', async (t) => {
  const html = signInPage({ title: '<b>', stylesheet: '/"><script>', choices: [{ name: 'x', title: '<i>&"', loginUrl: '/oauth/x?returnTo="><img>' }] })
  t.notMatch(html, /<(b|i|img|script)>/)
  t.match(html, '<title>&#60;b&#62;</title>')
})

t.test('the style is the one that the policy allows; a stylesheet comes after it, and nothing else is loaded', async (t) => {
  const html = signInPage({ ...page, stylesheet: '/brand.css' })
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ''
  t.match(policyOf(pageOf(page)), ` style-src 'sha256-${createHash('sha256').update(style).digest('base64')}';`)
  t.match(html, '</style><link rel="stylesheet" href="/brand.css">')
  t.notMatch(signInPage(page), /<(script|link|img|iframe)|url\(|https?:|style="/)
})

t.test('monograms', async (t) => {
  const cases = { GitHub: 'G', 'Demo ID': 'DI', 'x.com of old': 'XC', 微信: '微', émile: 'É', '42 School': '4S', '🙂': '🙂', '𝒳': '𝒳' }
  for (const [title, monogram] of Object.entries(cases)) t.equal(monogramOf(title), monogram)
})
