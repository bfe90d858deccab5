// A5: mix-up of authorization servers (RFC 9700 section 4.4, RFC 9207).
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import { WireProvider } from '../fixtures/wire-provider.js'

t.test('A5: a response that says it is of another issuer', async (t) => {
  const scene = await startScene(t)
  const issuers = ['https://attacker.example', '', `${scene.provider.issuer}/`, scene.provider.issuer.toUpperCase(), 'null']
  for (const advertised of [true, undefined]) {
    scene.provider.metadata = { authorization_response_iss_parameter_supported: advertised }
    for (const iss of issuers) {
      const browser = new Browser()
      const answer = await browser.open(`${await scene.callback(browser)}&iss=${encodeURIComponent(iss)}`)
      t.equal(answer.status, 400, `${iss}, ${advertised ? 'advertised' : 'not advertised'}`)
      t.strictSame(await scene.subjects(browser), [])
    }
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A5: no issuer where the server advertises it', async (t) => {
  const scene = await startScene(t)
  scene.provider.metadata = { authorization_response_iss_parameter_supported: true }
  const browser = new Browser()
  t.equal((await browser.open(await scene.callback(browser))).status, 400)
  t.equal(scene.exchanges(), 0, 'no exchange')

  const answer = await browser.open(`${await scene.callback(browser)}&iss=${encodeURIComponent(scene.provider.issuer)}`)
  t.equal(answer.status, 200, 'the right one is taken')
})

t.test('A5: an error of another issuer is not shown as this one\'s', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const state = new URL(await scene.begin(browser)).searchParams.get('state')
  const answer = await browser.open(`${scene.url}/oauth/test/callback?state=${state}&error=access_denied&iss=https%3A%2F%2Fattacker.example`)
  t.equal(answer.status, 400, answer.text)
  t.equal(codeIn(answer.text), 'FST_OAUTH_INVALID_CALLBACK')
})

t.test('A5: a code of an honest server at the callback of a dishonest one is sent to neither', async (t) => {
  const dishonest = await WireProvider.start()
  t.teardown(() => dishonest.close())
  const scene = await startScene(t, { plugin: { providers: { dishonest: { issuer: dishonest.issuer, clientId: dishonest.clientId, clientSecret: dishonest.clientSecret } } } })
  const browser = new Browser()
  // The user chose the dishonest one; it sends the browser on to the honest one, with the state of its own login.
  const state = new URL(await browser.openUntil(`${scene.url}/oauth/dishonest`, dishonest.issuer)).searchParams.get('state')
  const victim = new URL(scene.provider.callbackFor(await scene.begin(browser)))
  victim.searchParams.set('state', String(state))
  victim.searchParams.set('iss', scene.provider.issuer)

  t.equal((await browser.open(victim.href)).status, 400, 'at the callback of the honest one')
  const other = new URL(String(victim).replace('/oauth/test/', '/oauth/dishonest/'))
  t.equal((await browser.open(other.href)).status, 400, 'at the callback of the dishonest one')
  t.equal(scene.exchanges() + dishonest.to('/token').length, 0, 'no exchange')
})
