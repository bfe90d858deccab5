// What the doctor has found.

export type Level = 'ok' | 'warn' | 'error'

export interface Finding {
  level: Level
  /** An option, or what else was looked at. */
  about: string
  provider?: string | undefined
  message: string
  /** What to do. */
  advice?: string | undefined
}

/** Makes findings about one thing. */
export function findings (provider?: string) {
  const of = (level: Level) => (about: string, message: string, advice?: string): Finding => ({ level, about, ...(provider === undefined ? {} : { provider }), message, ...(advice === undefined ? {} : { advice }) })
  return { ok: of('ok'), warn: of('warn'), error: of('error') }
}
