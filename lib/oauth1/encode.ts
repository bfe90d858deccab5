// Percent-encoding (RFC 5849 section 3.6): all but letters, digits and -._~, as UTF-8, in upper-case hexadecimal.
const reserved = /[^A-Za-z0-9\-._~]/
const missedByNative = /[!'()*]/g
const loneSurrogate = /\p{Surrogate}/gu
const escapedOrReserved = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/gu

export function encode (text: string): string {
  if (!reserved.test(text)) return text
  return encodeURIComponent(text.replace(loneSurrogate, '\ufffd')).replace(missedByNative, escapeByte)
}

/** Brings a name or value of a query or form into that encoding, octet by octet: what is no UTF-8 stays as it is. */
export function encodeAnew (formEncoded: string): string {
  return reserved.test(formEncoded) ? formEncoded.replace(escapedOrReserved, encodePart) : formEncoded
}

/** Undoes `encode`; null for what is not percent-encoded UTF-8. */
export function decode (encoded: string): string | null {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}

function encodePart (part: string): string {
  if (part === '+') return '%20'
  if (part.length !== 3) return encode(part)
  const character = String.fromCharCode(parseInt(part.slice(1), 16))
  return reserved.test(character) ? part.toUpperCase() : character
}

function escapeByte (character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
