// The sign-in page as it is served.
import t from 'tap'
import { byHand, discovered, read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

const asPage = { accept: 'text/html', 'sec-fetch-dest': 'document' }

async function start (t: Parameters<typeof setUp>[0], plugin: LoginOptions['plugin'] = () => ({}), fastify = {}) {
  const setup = await setUp(t, {
    fastify,
    plugin: wire => ({
      signIn: true,
      providers: {
        wire: { ...discovered(wire), title: 'Wire & Co.' },
        plain: byHand(wire),
        service: { grant: 'client_credentials', accessTokenUrl: `${wire.issuer}/token`, clientId: 'id', clientSecret: 'secret' }
      },
      ...plugin(wire)
    })
  })
  const ask = async (path = '/oauth', headers: Record<string, string> = asPage) => read(await setup.browser.request(`${setup.url}${path}`, { headers }))
  return { ...setup, ask }
}

t.test('it is off unless it is asked for', async (t) => {
  for (const signIn of [false, undefined] as const) t.equal((await (await start(t, () => ({ signIn }))).ask()).status, 404)
  t.equal((await (await start(t, () => ({ routes: { signIn: false } }))).ask()).status, 404)
})

t.test('the page lists those that have logins, and its links start them', async (t) => {
  const { ask, browser, url, wire } = await start(t)
  const { status, text, headers } = await ask('/oauth?returnTo=/here%3Fa%3D1')
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  t.match(headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/)
  t.match(headers, new Map([['cache-control', 'no-store'], ['referrer-policy', 'no-referrer'], ['x-content-type-options', 'nosniff']]))
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => String(link))
  t.strictSame(links, ['/oauth/wire?returnTo=%2Fhere%3Fa%3D1', '/oauth/plain?returnTo=%2Fhere%3Fa%3D1'])
  t.match(text, 'Continue with Wire &#38; Co.')
  t.match(text, 'Continue with plain')

  const { location } = await read(await browser.request(`${url}${links[0]}`))
  const callback = await read(await browser.request(wire.callbackFor(String(location))))
  t.equal(callback.location, '/here?a=1')
})

t.test('others than pages get data', async (t) => {
  const { ask } = await start(t)
  t.strictSame((await ask('/oauth', { accept: 'application/json' })).json, { providers: [{ name: 'wire', title: 'Wire & Co.', loginUrl: '/oauth/wire' }, { name: 'plain', title: 'plain', loginUrl: '/oauth/plain' }] })
})

t.test('a return address elsewhere is dropped, that of a known application kept', async (t) => {
  const { ask } = await start(t, () => ({ returnToUris: ['com.example.app:/in'] }))
  const linkOf = async (returnTo: string) => /href="([^"]+)"/.exec((await ask(`/oauth?returnTo=${encodeURIComponent(returnTo)}`)).text)?.[1]
  for (const returnTo of ['https://evil.example/', '//evil.example', 'javascript:alert(1)', 'com.example.app:/out']) t.equal(await linkOf(returnTo), '/oauth/wire', returnTo)
  t.equal(await linkOf('com.example.app:/in'), '/oauth/wire?returnTo=com.example.app%3A%2Fin')
})

t.test('title, stylesheet and route options', async (t) => {
  const { ask } = await start(t, () => ({ signIn: { title: 'Welcome', stylesheet: '/brand.css' }, routes: { signIn: { onRequest: async (_request: unknown, reply: { header (name: string, value: string): void }) => { reply.header('x-mine', 'yes') } } } }))
  const { text, headers } = await ask()
  t.match(text, '<h1>Welcome</h1>')
  t.match(text, '<link rel="stylesheet" href="/brand.css">')
  t.match(headers.get('content-security-policy'), /style-src 'sha256-[^']+' 'self';/)
  t.equal(headers.get('x-mine'), 'yes')
})

t.test('under a path of its own', async (t) => {
  const { ask } = await start(t, () => ({ baseUrl: 'https://app.example/mounted' }))
  t.match((await ask()).text, 'href="/mounted/oauth/wire"')
})
