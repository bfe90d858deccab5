// Keys: those that a careless store glues together, folds, escapes or cuts off.
import type { GrantKey } from '../../types/store.js'
import { expect, isFree, key, row, ttl } from './expect.js'
import type { Rules } from './expect.js'

const texts = [
  'a', 'A', 'a ', 'a:b', 'a/b', 'a","b', 'a\\', "a'--", 'a%', 'a_', 'a*', 'a?', '[a]', '{a}', 'a}', '{', '{}', 'ä', 'a\u0308', '日本', '😀',
  '__proto__', 'constructor', 'null', '0', 'x'.repeat(1_000), `${'x'.repeat(1_000)}y`
]
const keys: GrantKey[] = [
  ...texts.flatMap(text => [{ ...key, owner: text }, { ...key, provider: text }, { ...key, account: text }]),
  { owner: 'a:b', provider: 'c', account: 'd' }, { owner: 'a', provider: 'b:c', account: 'd' }, { owner: 'a', provider: 'b', account: 'c:d' }
]

export const keyTests: Rules = {
  'keys that resemble each other name different grants': async ({ store, other }) => {
    for (const [index, one] of keys.entries()) expect(`put ${name(one)}`, await store.put(row({ ...one, sealed: `grant ${index}` }), 0), true)
    for (const [index, one] of keys.entries()) expect(`get ${name(one)}`, await other.get(one), { ...row({ ...one, sealed: `grant ${index}` }), version: 1 })
    for (const text of texts) expect(`list ${name({ ...key, owner: text })}`, (await other.list(text, key.provider)).map(({ owner }) => owner), [text])
    expect('delete', await store.delete({ ...key, owner: 'a' }), true)
    for (const owner of ['A', 'a ', 'ä']) expect('what has another key is not deleted', (await store.get({ ...key, owner }))?.owner, owner)
  },

  'keys that resemble each other have leases of their own, and ids claims': async ({ store, other }) => {
    for (const one of keys) expect(`lease ${name(one)}`, await isFree(store, ttl * 20, one), true)
    for (const text of texts) expect(`claim ${text.slice(0, 20)}`, await store.claim(text, ttl * 20), true)
    expect('lease again', await isFree(other, ttl, { ...key, owner: 'a' }), false)
    expect('claim again', await other.claim('a', ttl), false)
  }
}

function name (key: GrantKey): string {
  return JSON.stringify(key).slice(0, 80)
}
