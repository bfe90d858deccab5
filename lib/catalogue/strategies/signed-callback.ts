// A callback that the provider signs with the client's secret, as Shopify does: HMAC-SHA256 of its other parameters, sorted, in hex.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Whether the provider has made this callback, with all that it holds. */
export function isSigned (callback: URLSearchParams, secret: string): boolean {
  const [given, ...more] = callback.getAll('hmac')
  if (given === undefined || more.length > 0) return false
  const rest = new URLSearchParams([...callback].filter(([name]) => name !== 'hmac'))
  rest.sort()
  const right = createHmac('sha256', secret).update(rest.toString()).digest()
  const signature = Buffer.from(given, 'hex')
  return signature.length === right.length && timingSafeEqual(signature, right)
}
