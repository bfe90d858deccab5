// Return addresses: a path on the application's own origin, or nothing (RFC 9700 section 4.11).

const longest = 2_000
// What browsers drop, fold or read as a slash (WHATWG URL, section 4.4).
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const treacherous = /[\u0000-\u0020\\\u007f-\u009f]/

/**
 * The path, query and fragment of an address on this origin. Answers null for every other address, for one with
 * control characters, spaces or backslashes, and for one of more than 2 000 characters.
 */
export function checkReturnTo (address: unknown, origin: string): string | null {
  if (typeof address !== 'string' || address === '' || address.length > longest || treacherous.test(address)) return null
  if (!URL.canParse(address, origin)) return null
  const url = new URL(address, origin)
  const path = `${url.pathname}${url.search}${url.hash}`
  // `/.//evil.example` is a path here, and another host once it stands in a Location. The path of a blob: is an address.
  return url.origin === origin && /^\/(?!\/)/.test(path) && isDecodable(url.pathname) ? path : null
}

// Fastify answers 400 to a path such as `/%zz`.
function isDecodable (pathname: string): boolean {
  try {
    return decodeURI(pathname) !== ''
  } catch {
    return false
  }
}
