// Requests to the token endpoint as declared deviations have them.
import t from 'tap'
import { bearerParts } from '../../lib/oauth2/access-token.js'
import { pick, standardCallback } from '../../lib/oauth2/callback-params.js'
import { sentAs } from '../../lib/oauth2/token-wire.js'
import type { WireOptions } from '../../lib/oauth2/token-wire.js'

const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
const code = { grant_type: 'authorization_code', code: 'c', redirect_uri: 'https://app.example/cb', client_id: 'id', client_secret: 's' }
const refresh = { grant_type: 'refresh_token', refresh_token: 'r', client_id: 'id', client_secret: 's' }

function send (options: Partial<WireOptions>, form: Record<string, string> = code) {
  const { url, ...sent } = sentAs({ url: new URL('https://sso.example/token?v=1'), headers, body: new URLSearchParams(form) }, { clientId: 'id', ...options })
  return { ...sent, url: url.href, form: Object.fromEntries(new URLSearchParams(sent.body ?? '')) }
}

t.test('without deviations a request is what it was', async (t) => {
  t.match(send({}), { url: 'https://sso.example/token?v=1', method: 'POST', headers, form: code })
})

t.test('other names, omissions, another grant type, the scopes, further parameters', async (t) => {
  const quirks = {
    scopeDelimiter: ',',
    paramNames: { token: { client_id: 'app_key', code: 'auth_code' } },
    tokenRequest: { omit: ['redirect_uri'], grantType: 'authorized_code', scope: true, params: { response_type: 'code' } }
  }

  t.strictSame(send({ quirks, scope: ['a', 'b'] }).form, { grant_type: 'authorized_code', auth_code: 'c', app_key: 'id', client_secret: 's', scope: 'a,b', response_type: 'code' })
  t.strictSame(send({ quirks, scope: ['a', 'b'] }, refresh).form, { grant_type: 'refresh_token', refresh_token: 'r', app_key: 'id', client_secret: 's' })
  t.strictSame(send({ quirks }).form.scope, undefined, 'no scopes, none sent')
  t.strictSame(send({ quirks }, { grant_type: 'client_credentials' }).form, { grant_type: 'client_credentials' })
})

t.test('the refresh', async (t) => {
  const quirks = { scopeParam: 'perms', tokenRequest: { omit: ['grant_type'] }, refresh: { url: 'https://sso.example/refresh', params: { type: 'refresh' }, scope: true } }
  const sent = send({ quirks, scope: ['a', 'b'] }, refresh)

  t.equal(sent.url, 'https://sso.example/refresh')
  t.strictSame(sent.form, { refresh_token: 'r', client_id: 'id', client_secret: 's', perms: 'a b', type: 'refresh' })
  t.equal(send({ quirks }).url, 'https://sso.example/token?v=1', 'codes go where they went')
})

t.test('where the parameters stand', async (t) => {
  const query = 'https://sso.example/token?v=1&grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&client_id=id&client_secret=s'

  t.match(send({ accessTokenMethod: 'GET' }), { url: query, method: 'GET', body: null, headers: { 'content-type': undefined } })
  t.match(send({ quirks: { tokenRequest: { body: 'query' } } }), { url: query, method: 'POST', body: null })
  const json = send({ quirks: { tokenRequest: { body: 'json' } } })
  t.match(json, { headers: { 'content-type': 'application/json' }, url: 'https://sso.example/token?v=1' })
  t.strictSame(JSON.parse(String(json.body)), code)
})

t.test('headers, and the secret in one', async (t) => {
  const quirks = { headers: { 'x-client': 'app {clientId}' }, tokenRequest: { secretHeader: 'secret_key' } }

  t.match(send({ quirks }), { headers: { 'x-client': 'app id', secret_key: 's' }, form: { client_secret: undefined } })
  t.match(send({ quirks: { ...quirks, paramNames: { token: { client_secret: 'secret' } } } }), { headers: { secret_key: 's' }, form: { secret: undefined } })
  t.notOk('secret_key' in send({ quirks }, { grant_type: 'authorization_code' }).headers, 'a client without a secret sends none')
})

t.test('what holds no grant type, such as a revocation, has names and headers alone', async (t) => {
  const quirks = { headers: { 'x-client': '{clientId}' }, paramNames: { token: { client_id: 'client_key' } }, tokenRequest: { body: 'json' as const, omit: ['token'] } }

  t.match(send({ quirks, accessTokenMethod: 'GET' }, { token: 'x', client_id: 'id' }), { method: 'POST', headers: { 'x-client': 'id' }, form: { token: 'x', client_key: 'id' } })
})

t.test('the callback', async (t) => {
  const callback = new URLSearchParams({ auth_code: 'c', state: 's', device_id: 'd' })

  t.equal(standardCallback(callback), callback)
  t.equal(standardCallback(callback, { code: 'auth_code' }).toString(), 'code=c&state=s&device_id=d')
  t.strictSame(pick(callback, ['device_id', 'realmId']), { device_id: 'd' })
  t.strictSame(pick(callback), {})
})

t.test('where the access token stands in a call', async (t) => {
  const call = { accessToken: 'to ken', clientId: 'id', path: () => '/me?a=1' }

  t.strictSame(bearerParts(call), { headers: { authorization: 'Bearer to ken' } })
  t.strictSame(bearerParts(call, { accessTokenIn: { scheme: 'OAuth' } }), { headers: { authorization: 'OAuth to ken' } })
  t.strictSame(bearerParts(call, { accessTokenIn: { scheme: '' } }), { headers: { authorization: 'to ken' } })
  t.strictSame(bearerParts(call, { accessTokenIn: { header: 'x-token' }, headers: { 'x-client': '{clientId}' } }), { headers: { 'x-client': 'id', 'x-token': 'to ken' } })
  t.strictSame(bearerParts(call, { accessTokenIn: { header: 'authentication', scheme: 'bearer' } }), { headers: { authentication: 'bearer to ken' } })
  t.strictSame(bearerParts(call, { accessTokenIn: { query: 'token' } }), { headers: {}, path: '/me?a=1&token=to+ken' })
  t.strictSame(bearerParts({ ...call, path: () => '/me' }, { accessTokenIn: { query: 'token' } }), { headers: {}, path: '/me?token=to+ken' })
})
