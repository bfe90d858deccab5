// The settings by which the plugin reaches a fake provider as its first client.
import type { OAuthClientAuth } from '../../types/client-auth.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { OAuthQuirks } from '../../types/quirks.js'
import type { FakeClientAuth } from '../../types/testing.js'
import { issuerOf, urlOf } from './core.js'
import type { FakeCore } from './core.js'

type KnownToBoth = OAuthClientAuth & FakeClientAuth

const known: readonly string[] = ['client_secret_basic', 'client_secret_post', 'none']

/** An issuer to discover, or the endpoints (`requestTokenUrl` among them for OAuth 1.0a); with those quirks declared that the plugin has a word for. */
export function clientOptions (core: FakeCore): OAuthProviderOptions {
  const { client: { clientId, clientSecret }, protocol, quirks } = core
  const [clientAuth] = [quirks.clientAuth ?? []].flat().filter((method): method is KnownToBoth => known.includes(method))
  const declared = declaredQuirks(core)
  if (protocol === 'oauth1') return oauth1Options(core)
  return {
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(clientAuth === undefined ? {} : { clientAuth }),
    ...(protocol === 'oidc'
      ? { issuer: issuerOf(core), scope: ['openid', 'profile', 'email'] }
      : { authorizeUrl: urlOf(core, 'authorize'), accessTokenUrl: urlOf(core, 'token'), userinfoUrl: urlOf(core, 'userinfo'), revocationUrl: urlOf(core, 'revocation') }),
    apiBaseUrl: `${urlOf(core, 'api')}/`,
    ...(Object.keys(declared).length === 0 ? {} : { quirks: declared })
  }
}

function oauth1Options (core: FakeCore): OAuthProviderOptions {
  const { client: { clientId, clientSecret }, quirks } = core
  const temporary = urlOf(core, 'temporary')
  const declared: OAuthQuirks = {
    ...(quirks.verifier === 'absent' ? { oauth1Revision: '1.0' } : {}),
    ...(quirks.callbackOn === 'authorize' ? { oauth1CallbackOnAuthorize: true } : {})
  }
  return {
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    requestTokenUrl: temporary,
    authorizeUrl: urlOf(core, 'authorize'),
    accessTokenUrl: quirks.oneUrl === true ? temporary : urlOf(core, 'token'),
    userinfoUrl: urlOf(core, 'userinfo'),
    apiBaseUrl: `${urlOf(core, 'api')}/`,
    ...(quirks.tokenMethod === undefined ? {} : { accessTokenMethod: quirks.tokenMethod }),
    ...(Object.keys(declared).length === 0 ? {} : { quirks: declared })
  }
}

function declaredQuirks ({ quirks }: FakeCore): OAuthQuirks {
  return {
    ...(quirks.pkce === 'refused' ? { pkce: 'unsupported' } : {}),
    ...(quirks.scopeDelimiter === undefined ? {} : { scopeDelimiter: quirks.scopeDelimiter }),
    ...(quirks.nonce === undefined ? {} : { nonce: quirks.nonce })
  }
}
