// Requests whose parameters are signed by the client's RSA key (RSA2: RSASSA-PKCS1-v1_5 with SHA-256), at one address for all: Alipay's gateway.

export interface GatewayCall {
  appId: string
  /** What is called, such as `alipay.system.oauth.token`. */
  method: string
  /** Parameters of that. */
  params: Record<string, string>
  /** Milliseconds since the epoch. */
  now: number
}

const beijing = 8 * 3_600_000
// Of a request to a token endpoint, what the gateway knows.
const known = ['grant_type', 'code', 'refresh_token'] as const

/** All parameters but the signature. */
export function gatewayParams ({ appId, method, params, now }: GatewayCall): URLSearchParams {
  return new URLSearchParams({
    app_id: appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: new Date(now + beijing).toISOString().slice(0, 19).replace('T', ' '),
    version: '1.0',
    ...params
  })
}

/** What is signed: the parameters by name, not encoded. */
export function signedText (params: URLSearchParams): string {
  const sorted = new URLSearchParams(params)
  sorted.sort()
  return [...sorted].map(([name, value]) => `${name}=${value}`).join('&')
}

/** A request to a token endpoint as the gateway takes it. */
export function tokenParams (form: URLSearchParams): Record<string, string> {
  return Object.fromEntries(known.flatMap(name => form.has(name) ? [[name, String(form.get(name))]] : []))
}
