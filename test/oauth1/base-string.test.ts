// The base string's URI and its method.
import t from 'tap'
import { baseStringOf, targetOf } from '../../lib/oauth1/base-string.js'

t.test('a URL is taken apart as it goes on the wire', async (t) => {
  const cases: Array<[url: string, uri: string, query: string]> = [
    ['HTTP://EXAMPLE.com:80/r%20v/X?id=123', 'http://example.com/r%20v/X', 'id=123'],
    ['https://example.com:443', 'https://example.com/', ''],
    ['https://example.com:80?', 'https://example.com:80/', ''],
    ['http://user:secret@example.com/a#b?c', 'http://example.com/a', ''],
    ['http://[::1]:8080/', 'http://[::1]:8080/', ''],
    ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]/', ''],
    ['https://bücher.example/é?é', 'https://xn--bcher-kva.example/%C3%A9', '%C3%A9'],
    ['https://example.com/a/../b/./c', 'https://example.com/b/c', ''],
    ['https://example.com/?a?b=c', 'https://example.com/', 'a?b=c']
  ]
  for (const [url, uri, query] of cases) {
    t.strictSame(targetOf(url), { uri, query }, url)
    t.strictSame(targetOf(new URL(url)), { uri, query }, 'as a URL')
  }
})

t.test('a dispatcher\'s path is left as it is', async (t) => {
  t.strictSame(targetOf({ origin: 'https://EXAMPLE.com:443', path: '/a/../b?c=%7e?' }), { uri: 'https://example.com/a/../b', query: 'c=%7e?' })
  t.strictSame(targetOf({ origin: new URL('http://[::1]:8080'), path: '/' }), { uri: 'http://[::1]:8080/', query: '' })
  for (const path of ['', 'a', '?a', '/é', '/a b', '/a\r\nb']) {
    t.throws(() => targetOf({ origin: 'https://example.com', path }), { code: 'FST_OAUTH_CANNOT_SIGN', message: /path/ })
  }
})

t.test('a URL that cannot be sent is refused, and not repeated', async (t) => {
  for (const url of ['', '/path?canary', 'example.com/canary', 'https://canary:port/', 'http://']) {
    t.throws(() => targetOf(url), { code: 'FST_OAUTH_CANNOT_SIGN', message: /^(?!.*canary).*not absolute, or malformed$/, cause: undefined })
  }
  for (const url of ['ftp://example.com/', 'blob:https://example.com/x', new URL('ws://example.com/')]) {
    t.throws(() => targetOf(url), { code: 'FST_OAUTH_CANNOT_SIGN', message: /neither https nor http/ })
  }
  t.throws(() => targetOf({ origin: 'nowhere', path: '/' }), { code: 'FST_OAUTH_CANNOT_SIGN' })
})

t.test('the method is signed in upper case, and must be one', async (t) => {
  t.equal(baseStringOf('run!', 'http://x/', 'a%3Db'), 'RUN%21&http%3A%2F%2Fx%2F&a%3Db')
  for (const method of ['', 'GET ', 'A B', 'É', 'GET&']) {
    const isToken = method === 'GET&'
    if (isToken) t.equal(baseStringOf(method, 'http://x/', ''), 'GET%26&http%3A%2F%2Fx%2F&')
    else t.throws(() => baseStringOf(method, 'http://x/', ''), { code: 'FST_OAUTH_CANNOT_SIGN', message: /method/ })
  }
})
