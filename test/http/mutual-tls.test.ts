// Connections that present the client's certificate: RFC 8705.
import t from 'tap'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { createMutualTlsAgent, presenting } from '../../lib/http/mutual-tls.js'
import { authority, clientCert, clientCertKey } from '../fixtures/certificates.js'
import { certificateNameOf, startMutualTls } from '../fixtures/mutual-tls.js'

async function startServer (t: Test) {
  const { server, url, close } = await startMutualTls()
  const names: Array<string | undefined> = []
  server.on('request', (request, response) => { names.push(certificateNameOf(request)); response.end() })
  t.teardown(close)
  return { url, names }
}

t.test('the certificate is presented, and the server verified by the authority that is given', async (t) => {
  const { url, names } = await startServer(t)
  const agent = createMutualTlsAgent({ cert: clientCert, key: clientCertKey, ca: authority })
  const strict = createMutualTlsAgent({ cert: clientCert, key: clientCertKey, ca: undefined })
  t.teardown(() => Promise.all([agent.destroy(), strict.destroy()]))
  await (await request(url, { dispatcher: agent })).body.dump()
  await t.rejects(request(url, { dispatcher: strict }), { code: /SELF_SIGNED|UNABLE_TO/ }, 'an authority that Node.js does not know')
  t.strictSame(names, ['CN=test-client'])
})

t.test('other origins do not see it', async (t) => {
  const [one, two] = [await startServer(t), await startServer(t)]
  const agent = createMutualTlsAgent({ cert: clientCert, key: clientCertKey, ca: authority })
  const others = new Agent({ connect: { ca: authority } })
  t.teardown(() => Promise.all([agent.destroy(), others.destroy()]))
  const dispatcher = presenting(agent, { others, to: origin => origin === one.url })
  for (const url of [one.url, two.url]) await (await request(url, { dispatcher })).body.dump()
  t.strictSame([one.names, two.names], [['CN=test-client'], [undefined]])
})
