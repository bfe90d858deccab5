// A2: nothing that guards a login is guessable or comes twice (CVE-2023-31999).
import { Agent, request } from 'undici'
import t from 'tap'
import { startScene } from '../fixtures/scene.js'

// Thousands of requests, on a machine that may be busy.
t.setTimeout(240_000)

t.test('A2: 10 000 logins have 10 000 states, nonces, challenges and initialisation vectors', async (t) => {
  const { url } = await startScene(t, { app: { fastify: { logger: false } } })
  const dispatcher = new Agent({ connections: 16 })
  t.teardown(() => dispatcher.close())
  const seen = { state: new Set<string>(), nonce: new Set<string>(), code_challenge: new Set<string>() }
  const vectors = new Set<string>()
  let left = 10_000
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (left-- > 0) {
      const { headers, body } = await request(`${url}/oauth/test`, { dispatcher })
      await body.dump()
      const query = new URL(String(headers.location)).searchParams
      for (const [name, values] of Object.entries(seen)) values.add(String(query.get(name)))
      // The initialisation vector of AES-GCM: twice the same would give both values away (NIST SP 800-38D section 8).
      const [, sealed = ''] = /=v1\.[\w-]+\.([\w-]+)/.exec(String(headers['set-cookie'])) ?? []
      vectors.add(sealed.slice(0, 16))
    }
  }))
  for (const [name, values] of Object.entries(seen)) {
    t.equal(values.size, 10_000, `every ${name} is another`)
    t.ok([...values].every(value => Buffer.from(value, 'base64url').length >= 32), `every ${name} has 256 bits`)
  }
  t.equal(vectors.size, 10_000, 'every initialisation vector is another')
  const bytes = [...seen.state].map(state => Buffer.from(state, 'base64url'))
  for (let index = 0; index < 32; index++) t.ok(new Set(bytes.map(state => state[index])).size > 200, `byte ${index} of the states varies`)
})
