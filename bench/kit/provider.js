// A small OpenID provider that asks nobody anything: it grants every authorization request at once. With PKCE, client
// authentication, RS256 id_tokens, userinfo, and an API behind its access tokens.
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import { answer } from './processes.js'

export const client = { id: 'bench', secret: 'benchsecretbenchsecret' }

const random = () => randomBytes(32).toString('base64url')
const json = { 'content-type': 'application/json', 'cache-control': 'no-store' }

async function createProvider () {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const { privateKey: forgedKey } = await generateKeyPair('RS256')
  const keys = { keys: [{ ...await exportJWK(publicKey), kid: 'one', alg: 'RS256', use: 'sig' }] }
  const codes = new Map()
  const tokens = new Set()
  const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`

  function metadata (issuer) {
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      authorization_response_iss_parameter_supported: true
    }
  }

  // `forge` is the benchmark's own parameter: what the id_token shall have wrong.
  function authorize (issuer, query) {
    const isOpenId = query.get('scope')?.split(' ').includes('openid') ?? false
    const code = random()
    codes.set(code, {
      redirectUri: query.get('redirect_uri'),
      challenge: query.get('code_challenge'),
      nonce: query.get('nonce') ?? undefined,
      scope: query.get('scope') ?? '',
      forge: query.get('forge'),
      isOpenId
    })
    const target = new URL(query.get('redirect_uri'))
    target.searchParams.set('code', code)
    target.searchParams.set('state', query.get('state'))
    if (isOpenId) target.searchParams.set('iss', issuer)
    return target.href
  }

  async function exchange (issuer, authorization, form) {
    const known = codes.get(form.get('code'))
    codes.delete(form.get('code'))
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
    if (authorization !== basic || known === undefined || known.redirectUri !== form.get('redirect_uri') || known.challenge !== challenge) return null
    const accessToken = random()
    tokens.add(accessToken)
    const body = { access_token: accessToken, token_type: 'Bearer', expires_in: 3_600, refresh_token: random(), scope: known.scope }
    return known.isOpenId ? { ...body, id_token: await idToken(issuer, known) } : body
  }

  function idToken (issuer, { nonce, forge }) {
    return new SignJWT({ nonce: forge === 'nonce' ? 'another' : nonce, name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience(client.id)
      .setSubject('user-1')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(forge === 'signature' ? forgedKey : privateKey)
  }

  return createServer(async (request, response) => {
    const issuer = `http://${request.headers.host}`
    const url = new URL(request.url, issuer)
    const send = (status, body) => response.writeHead(status, json).end(JSON.stringify(body))
    const isKnown = () => tokens.has(request.headers.authorization?.slice('Bearer '.length))
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return send(200, metadata(issuer))
      case '/jwks':
        return send(200, keys)
      case '/authorize':
        return response.writeHead(302, { location: authorize(issuer, url.searchParams) }).end()
      case '/token': {
        let text = ''
        for await (const chunk of request.setEncoding('utf8')) text += chunk
        const body = await exchange(issuer, request.headers.authorization, new URLSearchParams(text))
        return body === null ? send(400, { error: 'invalid_grant' }) : send(200, body)
      }
      case '/userinfo':
        return isKnown() ? send(200, { sub: 'user-1', name: 'Ada Lovelace' }) : send(401, { error: 'invalid_token' })
      case '/api/notes':
        return isKnown() ? send(200, { notes: [{ id: 1, text: 'Weaves algebraic patterns' }, { id: 2, text: 'As the loom weaves flowers' }] }) : send(401, { error: 'invalid_token' })
      default:
        return send(404, { error: 'not_found' })
    }
  })
}

if (process.argv[1] === import.meta.filename) {
  const server = await createProvider()
  server.keepAliveTimeout = 72_000
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  answer({ issuer: () => `http://127.0.0.1:${server.address().port}` })
}
