// The sign-in page's route: which providers it lists, as a page or as data.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PluginOptions } from '../options.js'
import { basePathOf, baseUrlOf } from './base-url.js'
import { paramsOf } from './callback.js'
import type { OAuthContext } from './context.js'
import { wantsPage } from './negotiation.js'
import { guarded, sendPage } from './reply.js'
import { checkReturnTo } from './return-to.js'
import { signInPage } from './sign-in-page.js'
import type { SignInChoice } from './sign-in-page.js'

export function sendSignIn (context: OAuthContext, { title, stylesheet }: Exclude<PluginOptions['signIn'], false>) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const choices = choicesOf(context, request)
    reply.header('vary', 'Accept, Sec-Fetch-Dest, Sec-Fetch-Mode')
    if (wantsPage(request)) sendPage(reply, signInPage({ title, stylesheet, choices }))
    else guarded(reply).header('x-content-type-options', 'nosniff').send({ providers: choices })
  }
}

function choicesOf (context: OAuthContext, request: FastifyRequest): SignInChoice[] {
  const { registry, prefix, options } = context
  const asked = paramsOf(request).get('returnTo')
  const returnTo = options.returnToUris.find(uri => uri === asked) ?? checkReturnTo(asked, baseUrlOf(context, request).origin)
  const query = returnTo === null ? '' : `?returnTo=${encodeURIComponent(returnTo)}`
  return [...registry].filter(({ hasLogins }) => hasLogins)
    .map(({ name, title }) => ({ name, title, loginUrl: `${basePathOf(context)}${prefix}/${name}${query}` }))
}
