// Answers in the shape that the OAuth 2 engine reads.
import { processDiscoveryResponse } from 'oauth4webapi'
import t from 'tap'
import { toResponse } from '../../lib/http/read-answer.js'

t.test('an answer has its status, its text, and the expected content type', async (t) => {
  for (const [status, text] of [[200, '{}'], [204, ''], [400, '{"error":"invalid_grant"}'], [999, 'odd']] as const) {
    const response = toResponse({ status, text }, 'application/json')
    t.equal(response.status, status)
    t.equal(response.headers.get('content-type'), 'application/json')
    t.equal(response.headers.get('www-authenticate'), null)
    t.equal(response.bodyUsed, false)
    t.equal(await response.clone().text(), text)
    t.equal(response.bodyUsed, false, 'a copy is read on its own')
    t.equal(await response.text(), text)
    t.equal(response.bodyUsed, true)
  }
})

t.test('JSON is parsed, and what is none rejects', async (t) => {
  t.strictSame(await toResponse({ status: 200, text: '{"a":1}' }, 'application/json').json(), { a: 1 })
  await t.rejects(toResponse({ status: 200, text: '<html>' }, 'application/json').json(), SyntaxError)
})

t.test('the engine takes it for a Response', async (t) => {
  const issuer = 'https://issuer.example'
  t.strictSame(await processDiscoveryResponse(new URL(issuer), toResponse({ status: 200, text: JSON.stringify({ issuer }) }, 'application/json')), { issuer })
})
