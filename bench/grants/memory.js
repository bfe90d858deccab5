// Memory of MemoryGrantStore: node memory.js
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Cipher } from '../../dist/lib/grants/cipher.js'
import { GrantKeeper } from '../../dist/lib/grants/keeper.js'
import { answer } from '../kit/processes.js'
import { openStore } from './stores.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

function used () {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const { store } = openStore({ kind: 'memory' })
const keeper = new GrantKeeper({ store, cipher: new Cipher(['a secret of the benchmark, 32 bytes at least']), clock: Date.now, leaseTime: 20_000, warn: console.log })
const before = used()
const state = { count: 0 }

answer({
  /** Stores so many grants more. */
  async add ({ count, tokenLength }) {
    for (const end = state.count + count; state.count < end; state.count++) {
      const accessToken = `${state.count}`.padEnd(tokenLength, '.')
      const tokens = { tokenType: 'bearer', accessToken, refreshToken: `${state.count}`.padEnd(60, '.'), idToken: undefined, scope: ['read'], expiresAt: Date.now() + 3_600_000, claims: undefined, raw: { access_token: accessToken, token_type: 'Bearer', expires_in: 3_600 } }
      await keeper.save({ owner: `owner-${state.count}`, provider: 'bench', account: 'default', subject: undefined, tokens, requestedScope: [], isNewOwner: true })
    }
  },
  /** Bytes for one grant. */
  async bytes () {
    const bytes = (used() - before) / state.count
    if (await store.get({ owner: 'owner-0', provider: 'bench', account: 'default' }) === null) throw new Error('a grant was dropped')
    return bytes
  }
})
