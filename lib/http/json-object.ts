// The JSON object of an answer's text, whatever content type it came under.

/** Undefined where the text is no JSON, or no object. */
export function jsonObjectIn (text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
