// The plugin's own replies: redirects, pages and JSON that no cache keeps and no other site learns of. They answer
// nothing: a reply is thenable, and a promise of one waits for the end of the response.
import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorPage } from './error-page.js'
import { publicText } from './error-texts.js'
import { wantsPage } from './negotiation.js'
import { htmlOf, policyOf } from './page.js'
import type { Page } from './page.js'
import type { OAuthError } from '../errors.js'

/** Headers of every reply of the plugin's routes. */
export function guarded (reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
}

/** 303, so that no browser repeats a POST at the target. */
export function seeOther (reply: FastifyReply, url: string): void {
  guarded(reply).redirect(url, 303)
}

/** Where a browser can go on after an error. */
export interface WaysOn {
  retryUrl?: string | undefined
  linkUrl?: string | undefined
  /** Where what was sent can be allowed, to be sent again. */
  allowUrl?: string | undefined
}

/** The reply to an error: a page for a browser, else JSON. Its text is fixed for each code. */
export function sendError (request: FastifyRequest, reply: FastifyReply, error: OAuthError, waysOn: WaysOn = {}): void {
  const { statusCode, code, retryAfter } = error
  const message = publicText(error)
  guarded(reply).code(statusCode).header('x-content-type-options', 'nosniff')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (!wantsPage(request)) {
    reply.send({ statusCode, code, error: STATUS_CODES[statusCode], message })
    return
  }
  sendPage(reply, errorPage({ statusCode, code, message, ...waysOn }))
}

export function sendPage (reply: FastifyReply, page: Page): void {
  guarded(reply)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', policyOf(page))
    .type('text/html; charset=utf-8')
    .send(htmlOf(page))
}

/** What a function of the application's threw, as an error, whatever it was: Fastify takes nothing else for one. */
export function asError (thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('A function of the application threw something that is no Error', { cause: thrown })
}
