// Logout at the provider: RP-Initiated Logout 1.0, and which sessions Back-Channel Logout 1.0 may end.
import t from 'tap'
import { failureOf, byHand, startWireLogin } from '../fixtures/wire-login.js'
import type { WireLogin } from '../fixtures/wire-login.js'

function logoutOf ({ provider }: WireLogin) {
  return provider.logout as NonNullable<typeof provider.logout>
}

async function paramsOf (login: WireLogin, idToken?: string): Promise<{ at: string, params: Record<string, string> }> {
  const url = new URL(String(await logoutOf(login).url({ idToken, state: 'the-state' })))
  return { at: `${url.origin}${url.pathname}`, params: Object.fromEntries(url.searchParams) }
}

t.test('the address where a browser ends its session', async (t) => {
  const plain = await startWireLogin(t)
  t.equal(await logoutOf(plain).url({ idToken: 'x', state: 's' }), undefined, 'there is none')
  t.equal(logoutOf(plain).returnUrl, undefined)

  const login = await startWireLogin(t)
  login.wire.metadata = { end_session_endpoint: `${login.wire.issuer}/logout?a=b` }
  t.strictSame(await paramsOf(login, 'id.token'), { at: `${login.wire.issuer}/logout`, params: { a: 'b', client_id: 'wire-client', id_token_hint: 'id.token' } }, 'without a return nobody needs a state')
  t.strictSame((await paramsOf(login)).params, { a: 'b', client_id: 'wire-client' })
  t.strictSame((await paramsOf(login, 'x'.repeat(8_000))).params, { a: 'b', client_id: 'wire-client' }, 'a hint that makes the address too long is left out')
})

t.test('by hand, with a return', async (t) => {
  const postLogoutRedirectUrl = 'https://app.example/bye'
  const login = await startWireLogin(t, wire => ({ ...byHand(wire), endSessionUrl: `${wire.issuer}/end`, postLogoutRedirectUrl }))
  t.equal(logoutOf(login).returnUrl, postLogoutRedirectUrl)
  t.strictSame(await paramsOf(login), { at: `${login.wire.issuer}/end`, params: { client_id: 'wire-client', post_logout_redirect_uri: postLogoutRedirectUrl, state: 'the-state' } })
  const quirky = await startWireLogin(t, wire => ({ ...byHand(wire), endSessionUrl: `${wire.issuer}/end`, postLogoutRedirectUrl, quirks: { endSessionReturnParam: 'logout_uri' } }))
  t.strictSame((await paramsOf(quirky)).params, { client_id: 'wire-client', logout_uri: postLogoutRedirectUrl, state: 'the-state' })
})

t.test('an end session endpoint must be a URL that may be called', async (t) => {
  for (const endpoint of ['http://provider.example/logout', 'javascript:alert(1)', 1]) {
    const login = await startWireLogin(t)
    login.wire.metadata = { end_session_endpoint: endpoint }
    t.match(await failureOf(t, login.begin()), { code: 'FST_OAUTH_DISCOVERY_FAILED', message: /end_session_endpoint/ })
  }
})

t.test('sessions that the provider may end', async (t) => {
  const told = { backchannel_logout_supported: true }
  const cases: Array<[Parameters<typeof startWireLogin>[1], Record<string, unknown>, boolean]> = [
    [{}, {}, false],
    [{}, told, true],
    [{ backchannelLogout: true }, {}, true],
    [{ backchannelLogout: false }, told, false],
    [{ scope: ['read'] }, told, false]
  ]
  for (const [options, metadata, isTold] of cases) {
    const login = await startWireLogin(t, options)
    login.wire.metadata = metadata
    login.wire.claims = { sid: 'session-1' }
    const { session, tokens } = await login.login()
    t.strictSame(session, isTold ? { issuer: login.wire.issuer, subject: 'user-1', sid: 'session-1', since: tokens.claims?.iat } : undefined)
    if (!isTold) t.match(await failureOf(t, logoutOf(login).verify('x')), { code: 'FST_OAUTH_LOGOUT_TOKEN_INVALID', message: /offers no back-channel logout/ })
  }
  const login = await startWireLogin(t, { backchannelLogout: true })
  login.wire.claims = { sid: 1 }
  t.equal((await login.login()).session?.sid, undefined)
})
