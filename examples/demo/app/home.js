// The page, and the grant that its script looks at every two seconds.
import { renderHome } from '../views.js'
import { peekGrant, publicGrant } from './public-grant.js'

export const notices = {
  denied: 'You did not allow access. Nothing has changed, and you can try again.'
}

/** `apis`: name → { url, label } of the call that the page offers. */
export function registerHome (app, { apis, activity }) {
  app.get('/', async (request, reply) => {
    const grants = await request.oauth.grants()
    const grant = await peekGrant(request, request.query.provider) ?? await peekGrant(request)
    const providers = [...app.oauth.providers].map(({ name, title, protocol }) => ({
      name,
      protocol,
      title,
      signedIn: grants.some((one) => one.provider === name)
    }))
    const current = grant && await describe(request, grant, { apis, activity })
    return reply.type('text/html; charset=utf-8').send(renderHome({ providers, current, notice: takeNotice(request) }))
  })

  app.get('/grant', async (request, reply) => {
    const grant = await peekGrant(request, request.query.provider)
    if (!grant) return reply.code(204).send()
    await activity.see(grant)
    return { ...publicGrant(grant), processes: await activity.processes(), refreshes: (await activity.of(grant)).refreshes }
  })
}

async function describe (request, grant, { apis, activity }) {
  const { provider } = grant
  const profile = await readProfile(request, grant) ?? (await activity.of(grant)).profile ?? profileOfLogin(grant)
  // Reading the profile may have refreshed it.
  const latest = await peekGrant(request, provider) ?? grant
  await activity.see(latest)
  await activity.keepProfile(latest, profile)
  const { calls, refreshes } = await activity.of(latest)
  return {
    provider,
    profile,
    grant: publicGrant(latest),
    calls,
    refreshes,
    processes: await activity.processes(),
    api: apis[provider],
    write: provider === 'demo' ? { href: '/write', allowed: latest.scope.includes('notes:write') } : undefined
  }
}

// Undefined where the provider cannot be asked, or not any more: the page goes on with what it knew.
async function readProfile (request, { provider, account }) {
  try {
    const profile = await request.oauth.use(provider, { account }).profile()
    return { ...profile, id: String(profile.id ?? account) }
  } catch (error) {
    if (error.code !== 'FST_OAUTH_GRANT_REQUIRED') request.log.warn(`The profile at ${provider} could not be read (${error.code ?? error.message})`)
    return undefined
  }
}

function profileOfLogin ({ account, claims }) {
  return { id: String(account), name: claims?.name, email: claims?.email, emailVerified: claims?.email_verified === true, picture: claims?.picture }
}

/** Shown on the next page, once. */
export function leaveNotice (request, notice) {
  request.session.set('notice', notice)
}

function takeNotice (request) {
  const notice = request.session.get('notice')
  if (notice !== undefined) request.session.set('notice', undefined)
  return notices[notice]
}
