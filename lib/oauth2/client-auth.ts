// How the client authenticates at the token endpoint (RFC 6749 section 2.3.1).
import { ClientSecretPost, None } from 'oauth4webapi'
import type { AuthorizationServer, ClientAuth } from 'oauth4webapi'

export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none'

/** The way of a provider: the declared one, else what its metadata offers, else client_secret_basic (RFC 8414 section 2). */
export function clientAuthFor (server: AuthorizationServer, secret: string | undefined, declared: ClientAuthMethod | undefined): ClientAuth {
  const method = declared ?? offered(server.token_endpoint_auth_methods_supported)
  if (secret === undefined || method === 'none') return None()
  return method === 'client_secret_post' ? ClientSecretPost(secret) : clientSecretBasic(secret)
}

function offered (methods: string[] = ['client_secret_basic']): ClientAuthMethod {
  return !methods.includes('client_secret_basic') && methods.includes('client_secret_post') ? 'client_secret_post' : 'client_secret_basic'
}

// oauth4webapi's own also escapes `-`, `_`, `.` and `*`, which several servers do not decode.
function clientSecretBasic (secret: string): ClientAuth {
  return (_server, client, _body, headers) => {
    headers.set('authorization', `Basic ${basicCredentials(client.client_id, secret)}`)
  }
}

/** What follows `Basic` in the Authorization header. */
export function basicCredentials (clientId: string, secret: string): string {
  return Buffer.from(`${formEncode(clientId)}:${formEncode(secret)}`).toString('base64')
}

/** One value as application/x-www-form-urlencoded writes it. */
function formEncode (value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}
