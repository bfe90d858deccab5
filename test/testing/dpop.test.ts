// Proofs of possession at the token endpoint and the API (RFC 9449).
import { createHash } from 'node:crypto'
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { JWTPayload } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import type { FakeProviderSettings } from '../../lib/testing/index.js'
import { startFake } from '../fixtures/fake-app.js'
import { clientOf, redirectUri } from '../fixtures/fake-client.js'

async function start (t: Test, settings: FakeProviderSettings = {}) {
  const fake = await startFake(t, settings)
  const client = clientOf(fake)
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const prove = (method: string, path: string, claims: JWTPayload = {}) => new SignJWT({ htm: method, htu: `${fake.url}${path}`, iat: Math.floor(fake.clock() / 1_000), jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey)
  const exchange = async (dpop: string | undefined, form: Record<string, string> = {}) => {
    const code = String((await client.authorize(form.client_id === undefined ? {} : { client_id: form.client_id })).get('code'))
    const all = { client_id: 'fake-client', client_secret: 'fake-client-secret', grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...form }
    if (all.client_secret === '') delete (all as Partial<typeof all>).client_secret
    return client.send('/token', { form: all, headers: dpop === undefined ? {} : { dpop } })
  }
  const call = (scheme: string, token: unknown, dpop?: string) => client.send('/api/x?a=1', { headers: { authorization: `${scheme} ${token}`, ...(dpop === undefined ? {} : { dpop }) } })
  return { fake, client, prove, exchange, call, jkt: await calculateJwkThumbprint(jwk) }
}

const athOf = (token: unknown) => createHash('sha256').update(String(token)).digest('base64url')

t.test('a token that is bound to a key is good with a proof of it alone', async (t) => {
  const { fake, client, prove, exchange, call, jkt } = await start(t)
  const { status, json } = await exchange(await prove('POST', '/token'))
  t.match({ status, json }, { status: 200, json: { token_type: 'DPoP' } })
  const token = json.access_token
  const good = await prove('GET', '/api/x', { ath: athOf(token) })
  t.match(await call('DPoP', token, good), { status: 200 })
  t.match(await call('DPoP', token, good), { status: 401, json: { error: 'invalid_dpop_proof' }, headers: { 'www-authenticate': /^DPoP/ } }, 'a proof counts once')
  t.match(await call('Bearer', token, await prove('GET', '/api/x', { ath: athOf(token) })), { status: 401, headers: { 'www-authenticate': /^DPoP .*invalid_token/ } })
  t.match(await call('DPoP', token), { status: 401, json: { error: 'invalid_token' } })
  for (const claims of [{ ath: athOf('another') }, {}, { ath: athOf(token), htm: 'POST' }, { ath: athOf(token), htu: `${fake.url}/api/y` }, { ath: athOf(token), iat: Math.floor(fake.clock() / 1_000) - 301 }, { ath: athOf(token), iat: 'now' as never }, { ath: athOf(token), jti: 5 as never }]) {
    t.match(await call('DPoP', token, await prove('GET', '/api/x', claims)), { status: 401 }, JSON.stringify(claims))
  }
  t.match(await call('DPoP', token, 'nonsense'), { status: 401 })
  const introspected = await client.send('/introspect', { form: { client_id: 'fake-client', client_secret: 'fake-client-secret', token: String(token) } })
  t.match(introspected.json, { token_type: 'DPoP', cnf: { jkt } })
})

t.test('required, with a nonce, and the refresh token of a public client', async (t) => {
  const required = await start(t, { dpop: 'required' })
  t.match(await required.exchange(undefined), { status: 400, json: { error: 'invalid_dpop_proof' } })
  t.match(await required.exchange(await required.prove('POST', '/token')), { status: 200 })

  const nonced = await start(t, { dpop: 'nonce' })
  const refused = await nonced.exchange(await nonced.prove('POST', '/token'))
  t.match(refused, { status: 400, json: { error: 'use_dpop_nonce' }, headers: { 'dpop-nonce': /./ } })
  t.match(await nonced.exchange(await nonced.prove('POST', '/token', { nonce: refused.headers['dpop-nonce'] })), { status: 200 })

  const open = await start(t, { clients: [{ clientId: 'public' }] })
  const form = { client_id: 'public', client_secret: '' }
  const { json } = await open.exchange(await open.prove('POST', '/token'), form)
  const refresh = (headers: Record<string, string>) => open.client.send('/token', { form: { client_id: 'public', grant_type: 'refresh_token', refresh_token: String(json.refresh_token) }, headers })
  t.match(await refresh({}), { status: 400, json: { error: 'invalid_grant', error_description: /another key/ } })
})
