// CPU time of one OAuth 1.0a signature, against the HMAC and the nonce in it, and against other signers.
//   node bench/oauth1/index.js [--rounds 60] [--warm-up 20] [--signatures 5000]
import assert from 'node:assert'
import { sign } from 'fastify-oauth/oauth1'
import { explainColumns, printTable } from '../kit/compare.js'
import { parseOptions } from '../kit/options.js'
import { withProcesses } from '../kit/processes.js'
import { columns, describe, interleave } from '../kit/rounds.js'
import { credentials, requests } from './requests.js'

const { rounds, 'warm-up': warmUp, signatures } = parseOptions({ rounds: 60, 'warm-up': 20, signatures: 5_000 })

const candidates = [
  { label: 'floor: one HMAC, one nonce', file: 'floor' },
  { label: 'the floor, a second process (the noise)', file: 'floor' },
  { label: 'floor, with a nonce by randomBytes', file: 'floor-random-bytes' },
  { label: 'fastify-oauth: createSigner()', file: 'create-signer', signs: true },
  { label: 'fastify-oauth: sign()', file: 'sign', signs: true },
  { label: 'oauth-1.0a', file: 'oauth-1.0a', signs: true },
  { label: 'oauth', file: 'oauth', signs: true }
]

const titles = { get: 'GET with two parameters in its query', form: 'POST with a form and a query' }

console.log(`One signature by HMAC-SHA1. ${rounds} rounds of ${signatures}, after ${warmUp} rounds of warm-up`)
for (const [name, title] of Object.entries(titles)) {
  await withProcesses(async start => {
    const apps = candidates.map(({ file }) => start(new URL('app.js', import.meta.url), [file, name]))
    for (const [index, app] of apps.entries()) {
      if (candidates[index].signs) check(requests[name], await app.ask('sample'))
    }
    const results = await interleave(apps, { rounds, warmUp, size: signatures, load: app => app.ask('batch', signatures) })
    console.log(`\n${title}`)
    printTable([['', ...columns], ...results.map((result, index) => [candidates[index].label, ...describe(result, results[0], 5)])])
  })
}
explainColumns()

// All sign the same: each header has the signature that belongs to its nonce and its time.
function check (request, header) {
  const value = field => decodeURIComponent(new RegExp(`${field}="([^"]*)"`).exec(header)[1])
  const { signature } = sign(request, credentials, { nonce: value('oauth_nonce'), timestamp: value('oauth_timestamp') })
  assert.equal(value('oauth_signature'), signature)
}
