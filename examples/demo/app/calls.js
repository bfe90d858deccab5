// Signed calls, each behind a guard: the notes and the albums of the demo's providers, and the profile of every other.
import { publicGrant } from './public-grant.js'

const timeout = 10_000

/** `others` are names. Answers `apis`: name → { url, label } of what the page offers to call. */
export function registerCalls (app, { activity, others }) {
  const answer = (request, reply, call) => callAndShow(request, reply, { ...call, activity })
  const apis = { demo: { url: '/api/notes', label: 'Read my notes' }, photos: { url: '/api/albums', label: 'Read my albums' } }

  app.get('/api/notes', { config: { oauth: { provider: 'demo', scope: ['notes:read'] } } }, (request, reply) =>
    answer(request, reply, { method: 'GET', url: 'notes' }))

  app.post('/api/notes', { config: { oauth: { provider: 'demo', scope: ['notes:write'] } } }, (request, reply) =>
    answer(request, reply, { method: 'POST', url: 'notes', json: { text: request.body?.text } }))

  app.get('/api/albums', { config: { oauth: 'photos' } }, (request, reply) => answer(request, reply, { method: 'GET', url: 'albums' }))

  // A step-up: the guard sends whoever lacks the scope to the provider, and everybody ends here.
  app.get('/write', { config: { oauth: { provider: 'demo', scope: ['notes:write'] } } }, (request, reply) =>
    reply.redirect('/', 303))

  for (const name of others) {
    apis[name] = { url: `/api/profile/${name}`, label: 'Read my profile' }
    app.get(apis[name].url, { config: { oauth: name } }, async (request, reply) => show(request, reply, { method: 'GET', status: 200, body: await request.oauth.profile(), activity }))
  }
  return apis
}

async function callAndShow (request, reply, { method, url, json, activity }) {
  const { statusCode: status, body } = await request.oauth.request(method, url, { json, timeout })
  return show(request, reply, { method, status, body: readable(await body.text()), activity })
}

async function show (request, reply, { method, status, body, activity }) {
  const { grant } = request.oauth
  const call = { at: Date.now(), method, status, body, version: grant.version, refreshed: await activity.see(grant) }
  await activity.addCall(grant, call)
  // A form without the page's script: the page shows the call.
  if (request.headers.accept?.includes('text/html')) return reply.redirect(`/?provider=${grant.provider}`, 303)
  return { ...call, grant: publicGrant(grant), processes: await activity.processes(), refreshes: (await activity.of(grant)).refreshes }
}

function readable (text) {
  try {
    return JSON.parse(text)
  } catch {
    return text.slice(0, 10_000)
  }
}
