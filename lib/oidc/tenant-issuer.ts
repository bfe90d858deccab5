// Issuers of many tenants, declared by quirks.tenantIssuer: their metadata name `https://sso.example/{tenantid}`, and `tid` of each id_token fills it.
import { decodeJwt } from 'jose'
import type { AuthorizationServer } from 'oauth4webapi'

const place = '{tenantid}'
const tenants = /^[\w.-]+$/

/** The server as an id_token must name it. One without a tenant matches none: also not the template itself. */
export function ofTenant (server: AuthorizationServer, idToken: unknown): AuthorizationServer {
  const tenant = tenantOf(idToken)
  return { ...server, issuer: tenant === undefined ? 'of no tenant' : server.issuer.replace(place, tenant) }
}

/** Whether an issuer is that of a tenant. */
export function isOfTenant (template: string, issuer: string): boolean {
  const [before = '', after = ''] = template.split(place)
  return issuer.startsWith(before) && issuer.endsWith(after) && tenants.test(issuer.slice(before.length, issuer.length - after.length))
}

function tenantOf (idToken: unknown): string | undefined {
  try {
    const { tid } = decodeJwt(String(idToken))
    return typeof tid === 'string' && tenants.test(tid) ? tid : undefined
  } catch {
    return undefined
  }
}
