// How a client authenticates at the token endpoint (RFC 6749 section 2.3, RFC 7523, OpenID Connect Core 1.0 section 9).
import { createHash, createPublicKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import type { FakeClient, FakeClientAuth, FakeRequest } from '../../types/testing.js'
import { issuerOf, urlOf } from './core.js'
import type { FakeCore } from './core.js'
import { Refusal } from './wire.js'

type Params = Readonly<Record<string, string>>

/** What a request says of its client. */
interface Claim { method: string, clientId: string | undefined, secret: string | undefined }

const byDefault: readonly FakeClientAuth[] = ['client_secret_basic', 'client_secret_post', 'none', 'private_key_jwt']

/** The ways that the provider takes. */
export function clientAuthsOf ({ quirks }: FakeCore): readonly string[] {
  return [quirks.clientAuth ?? byDefault].flat()
}

/** The client of a token request under standard names. Throws invalid_client. */
export async function authenticate (core: FakeCore, request: FakeRequest, params: Params): Promise<FakeClient> {
  const taken = clientAuthsOf(core)
  const claim = claimOf(request, params, taken)
  const fail = (why: string) => new Refusal(401, 'invalid_client', why, { 'www-authenticate': 'Basic realm="fake provider"' })
  if (!taken.includes(claim.method)) throw fail(`${claim.method} is not taken`)
  const client = core.state.clients.get(String(claim.clientId))
  if (client === undefined) throw fail('the client is unknown')
  if (!await proves(core, client, claim, params)) throw fail('the client does not prove who it is')
  return client
}

function claimOf ({ headers }: FakeRequest, params: Params, taken: readonly string[]): Claim {
  const clientId = params.client_id
  const [scheme = '', credentials = ''] = (headers.authorization ?? '').split(' ')
  const header = taken.find(method => method.startsWith('header:') && headers[method.slice(7)] !== undefined)
  if (header !== undefined) return { method: header, clientId, secret: String(headers[header.slice(7)]) }
  if (/^basic$/i.test(scheme)) {
    const [id = '', secret = ''] = Buffer.from(credentials, 'base64').toString().split(/:(.*)/s).map(formDecode)
    return { method: 'client_secret_basic', clientId: id, secret }
  }
  if (/^bearer$/i.test(scheme)) return { method: 'bearer', clientId, secret: credentials }
  if (params.client_assertion !== undefined) {
    const method = taken.includes('client_assertion') ? 'client_assertion' : 'private_key_jwt'
    return { method, clientId: clientId ?? subjectOf(params.client_assertion), secret: params.client_assertion }
  }
  if (params.hash !== undefined && taken.includes('hash')) return { method: 'hash', clientId, secret: params.hash }
  return params.client_secret === undefined ? { method: 'none', clientId, secret: undefined } : { method: 'client_secret_post', clientId, secret: params.client_secret }
}

async function proves (core: FakeCore, client: FakeClient, { method, secret }: Claim, params: Params): Promise<boolean> {
  const { clientSecret } = client
  if (method === 'none') return clientSecret === undefined
  if (method === 'private_key_jwt') return client.publicKey !== undefined && await isSigned(core, client, String(secret))
  if (clientSecret === undefined) return false
  return secret === (method === 'hash' ? createHash('sha256').update(`${clientSecret}|${params.code ?? params.refresh_token}`).digest('hex') : clientSecret)
}

// RFC 7523 section 3; each assertion counts once.
async function isSigned (core: FakeCore, { clientId, publicKey }: FakeClient, assertion: string): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(assertion, createPublicKey(String(publicKey)), {
      issuer: clientId,
      subject: clientId,
      audience: [issuerOf(core), urlOf(core, 'token')],
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(core.clock())
    })
    return core.state.firstSight(`assertion ${payload.jti}`)
  } catch {
    return false
  }
}

function subjectOf (assertion: string): string | undefined {
  try {
    return JSON.parse(Buffer.from(String(assertion.split('.')[1]), 'base64url').toString()).sub
  } catch {
    return undefined
  }
}

function formDecode (text: string): string {
  return String(new URLSearchParams(`v=${text}`).get('v'))
}
