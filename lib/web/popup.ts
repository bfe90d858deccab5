// The end of a login in a window that another page has opened: a page that tells it the outcome, and closes.
import type { FastifyReply } from 'fastify'
import { styled } from './error-page.js'
import { escape, inline } from './page.js'
import { sendPage } from './reply.js'

/** What the opener is told: nothing that could be spent. */
export interface LoginResult {
  provider: string
  ok: boolean
  /** The code of the error. */
  code?: string
}

// The exact origin: postMessage drops the message where the opener has gone to another site meanwhile.
const script = inline('const{origin,result}=document.body.dataset;if(window.opener)window.opener.postMessage(JSON.parse(result),origin);window.close()')

/** Replies with the page. Fixed script, its data in escaped attributes: nothing of the result is ever code. */
export function sendToOpener (reply: FastifyReply, { origin, statusCode, message, result }: { origin: string, statusCode: number, message: string, result: LoginResult }): void {
  const data = JSON.stringify({ type: 'fastify-oauth', ...result })
  // What an application sets for all its pages would cut the opener off.
  reply.code(statusCode).header('cross-origin-opener-policy', 'unsafe-none')
  sendPage(reply, styled({
    title: result.ok ? 'Login completed' : 'Login not completed',
    body: `<p>${escape(message)}</p><p>You can close this window.</p>`,
    data: `data-origin="${escape(origin)}" data-result="${escape(data)}"`,
    script
  }))
}
