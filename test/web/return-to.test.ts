import t from 'tap'
import { checkReturnTo } from '../../lib/web/return-to.js'

const origin = 'https://app.example'

t.test('a path with query and fragment is kept as it is', async (t) => {
  for (const path of ['/', '/things', '/things?sort=up&page=2#third', '/a%2fb', '/%E4%BD%A0', '/things?next=//evil.example', '/a//b']) {
    t.equal(checkReturnTo(path, origin), path)
  }
})

t.test('an absolute address on the same origin becomes a path', async (t) => {
  t.equal(checkReturnTo('https://app.example/things?a=b#c', origin), '/things?a=b#c')
  t.equal(checkReturnTo('https://APP.example:443/things', origin), '/things')
  t.equal(checkReturnTo('things', origin), '/things')
  t.equal(checkReturnTo('https:things', origin), '/things')
})

t.test('an address anywhere else is none', async (t) => {
  const elsewhere = [
    'https://evil.example/', 'http://app.example/', 'https://app.example:444/', '//evil.example', '///evil.example', '/\\evil.example', '\\\\evil.example',
    'javascript:alert(1)', 'data:text/html,x', 'blob:https://app.example/x', '/.//evil.example', '/x/..//evil.example', '/%2e//evil.example',
    'https://app.example@evil.example/', 'https://app.example.evil.example/'
  ]
  for (const address of elsewhere) t.equal(checkReturnTo(address, origin), null, address)
})

t.test('an address that browsers would read differently is none', async (t) => {
  for (const address of ['/a\nb', '/a\tb', ' /a', '/a b', '/\u0000', '/\u007f', '/\u0085', '/a\\b', 'http://[', 'https://']) {
    t.equal(checkReturnTo(address, origin), null, JSON.stringify(address))
  }
})

t.test('a path that Fastify answers 400 to is none', async (t) => {
  for (const address of ['/%', '/%zz', '/a%c3b']) t.equal(checkReturnTo(address, origin), null, address)
  t.equal(checkReturnTo('/a?b=%zz', origin), '/a?b=%zz', 'a query may hold anything')
})

t.test('2 000 characters are allowed, one more is not', async (t) => {
  t.equal(checkReturnTo(`/${'x'.repeat(1_999)}`, origin)?.length, 2_000)
  t.equal(checkReturnTo(`/${'x'.repeat(2_000)}`, origin), null)
})

t.test('what is no text, or empty, is none', async (t) => {
  for (const value of [undefined, null, '', 7, ['/a'], {}]) t.equal(checkReturnTo(value, origin), null)
})
