// Percent-encoding (RFC 5849 section 3.6): all but letters, digits and -._~, as UTF-8, in upper-case hexadecimal.
const reserved = /[^A-Za-z0-9\-._~]/
const missedByNative = /[!'()*]/
const loneSurrogate = /\p{Surrogate}/gu
// Nothing but what `encode` writes.
const encoded = /^(?:[A-Za-z0-9\-._~]|%(?:[018-9A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF]))*$/
const escapedOrReserved = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/gu

export function encode (text: string): string {
  if (!reserved.test(text)) return text
  const native = encodeNatively(text)
  return missedByNative.test(native) ? native.replaceAll(/[!'()*]/g, escapeByte) : native
}

/** Brings a name or value of a query or form into that encoding, octet by octet: what is no UTF-8 stays as it is. */
export function encodeAnew (formEncoded: string): string {
  if (!reserved.test(formEncoded)) return formEncoded
  const spaced = formEncoded.replaceAll('+', '%20')
  return encoded.test(spaced) ? spaced : spaced.replace(escapedOrReserved, encodePart)
}

/** Undoes `encode`; null for what is not percent-encoded UTF-8. */
export function decode (encoded: string): string | null {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}

// It throws where a text cannot be written as UTF-8; what sends such a text puts U+FFFD instead.
function encodeNatively (text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return encodeURIComponent(text.replace(loneSurrogate, '\ufffd'))
  }
}

function encodePart (part: string): string {
  if (part.length !== 3) return encode(part)
  const character = String.fromCharCode(parseInt(part.slice(1), 16))
  return reserved.test(character) ? part.toUpperCase() : character
}

function escapeByte (character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
