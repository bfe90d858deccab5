// The API that the provider's tokens open: GET and POST /api/notes, with the Bearer challenges of RFC 6750 section 3.
import { readBody } from './read-body.js'

const maxUsers = 200
const maxNotes = 50
const greetings = [
  'This note comes from an API that only a valid access token opens.',
  'Wait for the token to expire, call again: the answer arrives all the same.'
]

export function createNotesApi ({ provider }) {
  const desks = new Map()

  return async function notesApi (ctx, next) {
    if (ctx.path !== '/api/notes') return next()
    ctx.set('cache-control', 'no-store')
    const scope = { GET: 'notes:read', POST: 'notes:write' }[ctx.method]
    if (!scope) return refuse(ctx, 405, { error: 'method_not_allowed' })
    const token = await authenticate(ctx, provider)
    if (!token) return
    if (!token.scopes.has(scope)) return challenge(ctx, 403, insufficientScope(scope))
    const desk = deskOf(desks, token.accountId)
    desk.requests += 1
    if (ctx.method === 'POST' && !await addNote(ctx, desk)) return
    ctx.body = {
      sub: token.accountId,
      tokenExpiresIn: token.remainingTTL,
      requests: desk.requests,
      notes: desk.notes
    }
  }
}

async function authenticate (ctx, provider) {
  const [scheme, value, ...rest] = ctx.get('authorization').split(' ')
  // RFC 6750 section 3.1: no error code for a request that brought no authentication at all.
  if (scheme.toLowerCase() !== 'bearer') return challenge(ctx, 401, {})
  const token = rest.length ? undefined : await provider.AccessToken.find(value)
  const grant = token && await provider.Grant.find(token.grantId)
  if (grant) return token
  challenge(ctx, 401, {
    error: 'invalid_token', error_description: 'The access token is unknown, expired or revoked'
  })
}

function insufficientScope (scope) {
  return { error: 'insufficient_scope', error_description: `This needs the scope ${scope}`, scope }
}

function challenge (ctx, status, details) {
  const params = Object.entries({ realm: 'notes', ...details }).map(([name, value]) => `${name}="${value}"`)
  ctx.set('www-authenticate', `Bearer ${params.join(', ')}`)
  refuse(ctx, status, { error: 'unauthorized', ...details })
}

function refuse (ctx, status, body) {
  ctx.status = status
  if (status === 405) ctx.set('allow', 'GET, POST')
  ctx.body = body
}

async function addNote (ctx, desk) {
  const text = await readText(ctx.req)
  if (!text) {
    refuse(ctx, 400, { error: 'invalid_request', error_description: 'Send JSON like {"text": "a note"}' })
    return false
  }
  desk.notes = [...desk.notes, createNote(text)].slice(-maxNotes)
  ctx.status = 201
  return true
}

async function readText (request) {
  try {
    const { text } = JSON.parse(await readBody(request) ?? '')
    return typeof text === 'string' ? text.trim().slice(0, 500) : null
  } catch {
    return null
  }
}

function deskOf (desks, accountId) {
  if (!desks.has(accountId)) {
    if (desks.size >= maxUsers) desks.delete(desks.keys().next().value)
    desks.set(accountId, { requests: 0, notes: greetings.map(createNote) })
  }
  return desks.get(accountId)
}

function createNote (text) {
  return { text, at: new Date().toISOString() }
}
