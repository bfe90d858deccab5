// The body of a request as text; null when it is larger than anything this provider asks for.

const maxLength = 4096

export async function readBody (request) {
  let text = ''
  // Read to the end even when it is too long: leaving early would cut the connection before the answer is out.
  for await (const chunk of request.setEncoding('utf8')) {
    if (text.length <= maxLength) text += chunk
  }
  return text.length <= maxLength ? text : null
}
