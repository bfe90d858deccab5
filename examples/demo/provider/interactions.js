// Login and consent, where oidc-provider hands over to its host: /interaction/:uid shows a page, and a POST to it goes on.
import { renderConsentPage, renderEndedPage, renderLoginPage } from './pages.js'
import { readBody } from './read-body.js'

const denied = { error: 'access_denied', error_description: 'The user said no' }

export function createInteractions ({ provider, users, formTargets }) {
  return async function interactions (ctx, next) {
    if (!/^\/interaction\/[\w-]+$/.test(ctx.path)) return next()
    ctx.set('cache-control', 'no-store')
    ctx.state.formTargets = formTargets
    try {
      const interaction = await provider.interactionDetails(ctx.req, ctx.res)
      if (ctx.method === 'POST') return await submit({ ctx, provider, users, interaction })
      await show({ ctx, provider, users, interaction })
    } catch (error) {
      if (error.name !== 'SessionNotFound') throw error
      ctx.status = 400
      renderEndedPage(ctx)
    }
  }
}

async function show ({ ctx, provider, users, interaction }) {
  const { prompt, params, session, grantId } = interaction
  const client = await provider.Client.find(params.client_id)
  const user = session && users.find(session.accountId)
  if (prompt.name === 'login' || !user || ctx.query.switch !== undefined) {
    return renderLoginPage(ctx, { clientName: client.clientName, users: users.list })
  }
  const asked = params.scope?.split(' ') ?? []
  const missing = prompt.details.missingOIDCScope ?? []
  // A step-up: the consent is about what is new, the rest has been granted before.
  const added = grantId ? missing : []
  renderConsentPage(ctx, { clientName: client.clientName, user, scopes: asked, added })
}

async function submit ({ ctx, provider, users, interaction }) {
  const form = new URLSearchParams(await readBody(ctx.req) ?? '')
  const result = await decide({ form, provider, users, interaction })
  if (!result) return show({ ctx, provider, users, interaction })
  ctx.status = 303
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: 'consent' in result }))
}

async function decide ({ form, provider, users, interaction }) {
  if (form.get('decision') === 'deny') return denied
  if (form.get('decision') === 'allow' && interaction.prompt.name === 'consent') {
    return { consent: { grantId: await grantAll(provider, interaction) } }
  }
  const user = users.find(form.get('account')) ?? users.enter(form.get('name') ?? '')
  return user && { login: { accountId: user.id } }
}

async function grantAll (provider, { grantId, session, params, prompt }) {
  const grant = await provider.Grant.find(grantId) ??
    new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope)
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims)
  return grant.save()
}
