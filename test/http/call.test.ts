// What a caller's options become on the wire.
import { Readable } from 'node:stream'
import t from 'tap'
import { prepareCall, resolveUrl } from '../../lib/http/call.js'
import type { OAuthCallOptions } from '../../types/client.js'

const base = 'https://api.example.com/v1/'

function prepare (options: OAuthCallOptions, url = `${base}things`) {
  return prepareCall('test', { method: 'POST', url: new URL(url), options })
}

t.test('a URL is resolved as a link on the page of apiBaseUrl', async (t) => {
  for (const [url, expected] of [
    ['things', 'https://api.example.com/v1/things'],
    ['/things', 'https://api.example.com/things'],
    ['../v2/things?a=1', 'https://api.example.com/v2/things?a=1'],
    ['?page=2', 'https://api.example.com/v1/?page=2'],
    ['', 'https://api.example.com/v1/'],
    ['//other.example/x', 'https://other.example/x'],
    ['\\\\other.example\\x', 'https://other.example/x'],
    ['https://other.example/x', 'https://other.example/x']
  ] as const) t.equal(resolveUrl('test', url, base).href, expected, JSON.stringify(url))
  t.equal(resolveUrl('test', new URL('https://other.example/x'), base).href, 'https://other.example/x')
})

t.test('without apiBaseUrl a relative URL is refused, and an absolute one is taken', async (t) => {
  t.throws(() => resolveUrl('test', 'things', undefined), { code: 'FST_OAUTH_INVALID_CALL', message: /apiBaseUrl is not set/ })
  t.equal(resolveUrl('test', 'https://api.example.com/things', undefined).href, 'https://api.example.com/things')
})

t.test('a malformed URL is refused', async (t) => {
  t.throws(() => resolveUrl('test', 'https://[', base), { code: 'FST_OAUTH_INVALID_CALL', message: /the URL is malformed/ })
  t.throws(() => resolveUrl('test', 'https://a b/', undefined), { code: 'FST_OAUTH_INVALID_CALL' })
})

t.test('a URL that is neither https nor http is refused', async (t) => {
  for (const url of ['blob:https://api.example.com/x', 'data:,x', 'file:///etc/passwd', 'javascript:alert(1)', 'ws://api.example.com/']) {
    t.throws(() => resolveUrl('test', url, base), { code: 'FST_OAUTH_INVALID_CALL', message: /neither https nor http/ }, url)
  }
})

t.test('query: arrays repeat the name, null and undefined leave it out, an empty text stays', async (t) => {
  const { url } = prepare({ query: { one: 1, yes: true, text: 'a b&c', list: ['x', 2, false], none: [], empty: '', gone: null, missing: undefined } })
  t.equal(url.search, '?one=1&yes=true&text=a+b%26c&list=x&list=2&list=false&empty=')
})

t.test('query is added to the one of the URL, which is left as it was written', async (t) => {
  t.equal(prepare({ query: { b: 2 } }, `${base}things?flag&a=%20x`).url.search, '?flag&a=%20x&b=2')
  t.equal(prepare({ query: new URLSearchParams([['b', '2'], ['b', '3']]) }, `${base}things?a=1#part`).url.search, '?a=1&b=2&b=3')
  t.equal(prepare({ query: {} }, `${base}things?flag`).url.search, '?flag')
})

t.test('the URL that was given is not changed', async (t) => {
  const url = new URL(`${base}things`)
  prepareCall('test', { method: 'GET', url, options: { query: { a: 1 } } })
  t.equal(url.href, `${base}things`)
})

t.test('json is written as JSON, null too', async (t) => {
  t.match(prepare({ json: { a: [1] } }), { headers: { 'content-type': 'application/json' }, body: '{"a":[1]}' })
  t.match(prepare({ json: null }), { headers: { 'content-type': 'application/json' }, body: 'null' })
})

t.test('form is written as a form', async (t) => {
  t.match(prepare({ form: { a: 'x y', list: [1, 2], gone: undefined } }), { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=x+y&list=1&list=2' })
  t.match(prepare({ form: new URLSearchParams('b=1&b=2') }), { body: 'b=1&b=2' })
})

t.test('body is sent as it is, without a content-type', async (t) => {
  const body = Readable.from(['x'])
  const call = prepare({ body })
  t.equal(call.body, body)
  t.notOk('content-type' in call.headers)
  t.equal(prepare({}).body, undefined)
})

t.test('headers: names in lower case, undefined left out, lists kept', async (t) => {
  const { headers } = prepare({ headers: { 'X-One': '1', 'x-gone': undefined, 'X-List': ['a', 'b'] } })
  t.same(headers, { 'user-agent': 'fastify-oauth', 'x-one': '1', 'x-list': ['a', 'b'] })
})

t.test('the caller overrides user-agent and content-type, whatever their case', async (t) => {
  const headers = { 'User-Agent': 'mine', 'Content-Type': 'application/vnd.mine+json' }
  t.match(prepare({ json: {}, headers }).headers, { 'user-agent': 'mine', 'content-type': 'application/vnd.mine+json' })
  t.match(prepare({ form: {}, headers }).headers, { 'user-agent': 'mine', 'content-type': 'application/vnd.mine+json' })
})

t.test('only one of json, form and body is taken', async (t) => {
  const two = { code: 'FST_OAUTH_INVALID_CALL', statusCode: 500, message: /more than one of json, form and body/ }
  t.throws(() => prepare({ json: {}, form: {} }), two)
  t.throws(() => prepare({ json: {}, body: 'x' }), two)
  t.throws(() => prepare({ form: {}, body: 'x' }), two)
  t.throws(() => prepare({ json: null, form: { a: 1 } }), two, 'null is JSON')
  t.throws(() => prepare({ json: {}, form: {}, body: 'x' }), two)
})

t.test('a form or a body that is null counts as none', async (t) => {
  t.equal(prepare({ json: { a: 1 }, body: null }).body, '{"a":1}')
  // From JavaScript, where no type forbids it.
  const call = prepare({ form: null } as unknown as OAuthCallOptions)
  t.equal(call.body, undefined)
  t.notOk('content-type' in call.headers)
})
