// What a fault makes of a request and its answer. The same code runs over loopback and in the process.
import { gzipSync } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import type { DueFault } from './faults.js'
import { html, json } from './wire.js'
import type { WireAnswer } from './wire.js'

export interface FaultyExchange {
  fault: DueFault
  reply: FastifyReply
  /** Lets the endpoint do its work. */
  respond: () => Promise<WireAnswer>
  /** Ends when the provider closes. */
  closing: AbortSignal
}

const dripEvery = 20
const mebibyte = 1024 * 1024

/** Answers what is still to be sent; null where the connection was dealt with. */
export async function runFault (exchange: FaultyExchange): Promise<WireAnswer | null> {
  const { fault: { name, options }, reply, respond } = exchange
  switch (name) {
    case 'refuse': return hangUp(reply, Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
    case 'reset': return hangUp(reply)
    case 'lost-refresh':
      await respond()
      return hangUp(reply)
    case 'slow-drip': return drip(exchange)
    case 'truncated': return truncate(reply, await respond())
    case 'status-429': return json({ error: 'slow_down' }, 429, { 'retry-after': String(options.retryAfter ?? 5) })
    case 'status-500': return json({ error: 'internal' }, 500)
    case 'html': return html('<!doctype html><title>Maintenance</title><p>We will be back soon.')
    case 'huge': return json({ padding: 'x'.repeat(options.bytes ?? 8 * mebibyte) })
    case 'gzip-bomb': return { ...json({}, 200, { 'content-encoding': 'gzip' }), body: gzipSync(Buffer.alloc(options.bytes ?? 16 * mebibyte, ' ')) }
    case 'error-in-200': return json({ error: 'invalid_grant', error_description: 'in a 200' })
    case 'invalid_grant': return json({ error: 'invalid_grant', error_description: 'the grant has ended' }, 400)
    default: {
      const answer = await respond()
      return { ...answer, headers: { ...answer.headers, 'content-type': 'text/plain' } }
    }
  }
}

function hangUp (reply: FastifyReply, error?: Error): null {
  reply.hijack()
  reply.raw.destroy(error)
  return null
}

// One byte now and then, until the client or the provider goes away.
function drip ({ reply, closing }: FaultyExchange): null {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'application/json' })
  reply.raw.write(' ')
  const timer = setInterval(() => { reply.raw.write(' ') }, dripEvery)
  const stop = () => {
    clearInterval(timer)
    reply.raw.destroy()
  }
  reply.raw.on('close', stop)
  closing.addEventListener('abort', stop)
  return null
}

function truncate (reply: FastifyReply, { status, headers, body }: WireAnswer): null {
  const whole = Buffer.from(body)
  reply.hijack()
  reply.raw.writeHead(status, { ...headers, 'content-length': whole.length })
  reply.raw.write(whole.subarray(0, whole.length >> 1), () => { reply.raw.destroy() })
  return null
}
