// A provider's signature joined with the source of its tokens: what a refused call is made again for, and how often.
import t from 'tap'
import type { OAuthGrant } from '../../lib/index.js'
import { createGrant } from '../../lib/grants/grant.js'
import type { Provider } from '../../lib/provider.js'
import { signerOf } from '../../lib/web/signer.js'
import { grantValues } from '../fixtures/grants.js'

const call = { method: 'GET', origin: 'https://api.example', path: '/', contentType: undefined, body: null }

function start ({ heeds = true, next = 'token-2' }: { heeds?: boolean, next?: string | null } = {}) {
  const grant = (accessToken: string) => createGrant(grantValues({ accessToken }))
  let renewals = 0
  const provider = {
    name: 'test',
    allowsOrigin: () => true,
    sign: async ({ accessToken }: OAuthGrant) => ({ headers: { authorization: accessToken }, ...(heeds ? { heed: (headers: Record<string, unknown>) => headers.nonce !== undefined } : {}) })
  } as unknown as Provider
  const refused: OAuthGrant[] = []
  const signer = signerOf(provider, {
    current: async () => grant('token-1'),
    renew: async grantRefused => {
      renewals++
      refused.push(grantRefused)
      return next === null ? null : grant(next)
    }
  })
  return { signer, refused, renewals: () => renewals }
}

t.test('a bearer token: another token, once', async (t) => {
  const { signer, refused } = start({ heeds: false })
  const signature = await signer.sign(call)
  t.strictSame(Object.keys(signature).sort(), ['body', 'headers', 'path', 'renew'])
  const next = await signature.renew()
  t.match(next, { headers: { authorization: 'token-2' }, renewable: undefined })
  t.match(refused, [{ accessToken: 'token-1' }])
})

t.test('no other token is to be had', async (t) => {
  const { signer, refused } = start({ next: null })
  t.equal(await (await signer.sign(call)).renew(), null)
  t.equal(refused.length, 1)
})

t.test('a nonce, another token, a nonce: each once', async (t) => {
  const { signer, renewals } = start()
  const first = await signer.sign(call)
  t.equal(first.heed?.({ nonce: 'n' }), true)
  const second = await first.renew()
  t.match(second, { headers: { authorization: 'token-1' }, renewable: true })
  t.equal(renewals(), 0)
  second?.heed?.({ nonce: 'n' })
  t.equal(await second?.renew(), null, 'not for a nonce again')
  second?.heed?.({})
  const third = await second?.renew()
  t.match(third, { headers: { authorization: 'token-2' }, renewable: true })
  t.equal(await third?.renew(), null, 'not for a token again')
  third?.heed?.({ nonce: 'n' })
  const fourth = await third?.renew()
  t.match(fourth, { headers: { authorization: 'token-2' }, renewable: false })
  fourth?.heed?.({ nonce: 'n' })
  t.equal(await fourth?.renew(), null)
  t.equal(renewals(), 1)
})
