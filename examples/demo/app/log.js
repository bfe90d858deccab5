// Fastify's logger for a calm terminal: warnings and errors alone, one line each, without stacks.

const error = 50

export function createLog ({ quiet }) {
  return {
    level: quiet ? 'silent' : 'warn',
    stream: {
      write (line) {
        const { level, msg, err } = JSON.parse(line)
        console.error(`${level >= error ? 'error' : 'warning'}: ${msg ?? err?.message}`)
      }
    }
  }
}
