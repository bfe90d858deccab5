// A token endpoint that rotates refresh tokens, takes each once, and counts: node provider.js <milliseconds that it takes>
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { answer } from '../kit/processes.js'

const state = { posts: 0, refused: 0, takes: 0, spent: new Set() }

const server = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  const token = new URLSearchParams(text).get('refresh_token')
  state.posts++
  const isSpent = state.spent.has(token)
  state.spent.add(token)
  if (state.takes > 0) await delay(state.takes)
  if (isSpent) state.refused++
  const body = isSpent
    ? { error: 'invalid_grant' }
    : { access_token: `access-${state.posts}`.padEnd(400, '.'), refresh_token: `refresh-${state.posts}`.padEnd(60, '.'), token_type: 'Bearer', expires_in: 3_600 }
  response.writeHead(isSpent ? 400 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})

await new Promise(resolve => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve))
const origin = `http://127.0.0.1:${server.address().port}`

answer({
  origin: () => origin,
  /** Forgets what was counted; every answer takes so many milliseconds from now on. */
  begin (takes) {
    Object.assign(state, { posts: 0, refused: 0, takes })
  },
  counted: () => ({ posts: state.posts, refused: state.refused })
})
