// What was decrypted a moment ago.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import { changed, createGrant, keptOf, sealGrant } from '../../lib/grants/grant.js'
import { MemoryGrantStore } from '../../lib/grants/memory-store.js'
import { OpenedGrants } from '../../lib/grants/opened.js'
import { SealedStore } from '../../lib/grants/sealed-store.js'

class CountingCipher extends Cipher {
  opened = 0

  override open (...args: Parameters<Cipher['open']>): string | null {
    this.opened++
    return super.open(...args)
  }
}

const key = { owner: 'alice', provider: 'test', account: 'default' }
const grant = createGrant({ ...key, subject: 'a', tokenType: 'bearer', accessToken: 'access', tokenSecret: undefined, refreshToken: 'refresh', idToken: undefined, scope: ['read'], expiresAt: 5_000, claims: { sub: 'a', deep: { list: [1] } }, raw: { extra: 'x' }, version: 1, authorizedAt: 7, updatedAt: 8 })

function sealedStore () {
  const cipher = new CountingCipher(['a secret of 32 bytes for the tests'])
  const store = new MemoryGrantStore()
  let status: 'active' | 'expiring' = 'active'
  const grants = new SealedStore({ store, cipher, warn () {}, judge: () => status })
  return { cipher, store, grants, judge: (next: typeof status) => { status = next } }
}

t.test('a row is decrypted once, and judged each time', async (t) => {
  const { cipher, grants, judge } = sealedStore()
  await grants.write(grant, { until: 0 })
  const first = await grants.read(key)
  judge('expiring')
  const second = await grants.read(key)
  t.equal(cipher.opened, 1)
  t.match([first?.accessToken, first?.refreshToken, first?.status], ['access', 'refresh', 'active'])
  t.match([second?.accessToken, second?.refreshToken, second?.status], ['access', 'refresh', 'expiring'])
  t.strictSame([second?.claims, second?.raw, second?.scope, second?.version, second?.authorizedAt], [grant.claims, grant.raw, ['read'], 1, 7])
})

t.test('what was written since is what is read; what was deleted is gone', async (t) => {
  const { cipher, grants } = sealedStore()
  await grants.write(grant, { until: 0 })
  await grants.read(key)
  await grants.write(createGrant({ ...grant, accessToken: 'newer', tokenSecret: undefined, refreshToken: undefined, idToken: undefined, claims: undefined, raw: {}, version: 2 }), { until: 0 })
  t.match(await grants.read(key), { accessToken: 'newer', version: 2 })
  t.equal(cipher.opened, 2)
  await grants.delete(key, { until: 0 })
  t.equal(await grants.read(key), null)
})

t.test('a text that was copied into another row is not known there', async (t) => {
  const { cipher, grants } = sealedStore()
  const stored = { ...sealGrant(cipher, grant), version: 1 }
  t.equal(grants.open(stored), grants.open(stored), 'one grant for one row')
  for (const copy of [{ owner: 'mallory' }, { provider: 'other' }, { account: 'other' }]) t.equal(grants.open({ ...stored, ...copy }), null, JSON.stringify(copy))
  t.equal(cipher.opened, 4)
  t.equal(grants.open({ ...stored, version: 9 })?.version, 9, 'the version is the row\'s')
  t.equal(grants.open({ ...stored, authorizedAt: 70 })?.authorizedAt, 70)
  const sent = { hash: 'hash', attempt: 1, sentAt: 2, fence: 1 }
  const marked = grants.open({ ...stored, refreshing: JSON.stringify(sent) })
  t.strictSame(marked === null ? null : keptOf(marked).refreshing, sent, 'a refresh under way shows')
})

t.test('a grant whose refresh token was dropped needs a login, whatever the judge says', async (t) => {
  const { cipher, grants } = sealedStore()
  const stored = { ...sealGrant(cipher, changed(grant, {}, { dropped: { hash: 'hash', login: grant.authorizedAt } })), version: 1 }
  for (let time = 0; time < 2; time++) t.equal(grants.open(stored)?.status, 'reauthorization_required')
})

t.test('without a judge it is active', async (t) => {
  const cipher = new Cipher(['a secret of 32 bytes for the tests'])
  const grants = new SealedStore({ store: new MemoryGrantStore(), cipher, warn () {} })
  const stored = { ...sealGrant(cipher, grant), version: 1 }
  for (let time = 0; time < 2; time++) t.equal(grants.open(stored)?.status, 'active')
})

t.test('nobody changes it for the next request', async (t) => {
  const { grants } = sealedStore()
  await grants.write(grant, { until: 0 })
  for (let request = 0; request < 2; request++) {
    const read = await grants.read(key)
    t.throws(() => { (read?.scope as string[]).push('admin') }, TypeError)
    t.throws(() => { Object.assign(read?.claims as object, { sub: 'mallory' }) }, TypeError)
    t.throws(() => { (read?.claims as { deep: { list: number[] } }).deep.list.push(2) }, TypeError)
    t.throws(() => { Object.assign(read?.raw as object, { extra: 'y' }) }, TypeError)
  }
})

t.test('it is bounded in number and in time', async (t) => {
  const opened = new OpenedGrants()
  const rowOf = (sealed: string) => ({ ...key, version: 1, authorizedAt: 7, refreshing: null, sealed })
  for (let index = 0; index <= 1_000; index++) opened.keep(rowOf(`text ${index}`), grant)
  t.equal(opened.find(rowOf('text 0')), undefined)
  t.equal(opened.find(rowOf('text 1')), grant)

  const brief = new OpenedGrants(5)
  for (let round = 1; round < 3; round++) {
    brief.keep(rowOf('text'), grant)
    t.equal(brief.find(rowOf('text')), grant)
    while (brief.find(rowOf('text')) !== undefined) await delay(1)
  }
})
