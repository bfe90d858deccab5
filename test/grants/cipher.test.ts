// Sealed values: what opens them, and what does not.
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import type { Purpose } from '../../lib/grants/cipher.js'

const secret = 'a secret of at least 32 characters'
const other = 'another secret of 32 characters or more'
const purposes: Purpose[] = ['pending-login', 'login-request', 'form-post', 'grant']

t.test('a sealed text opens as it was, whatever it is', async (t) => {
  const cipher = new Cipher([secret])
  for (const plain of ['', 'x', '{"a":1}', 'ä 日本 😀', '\0\n\\"', 'y'.repeat(1_000_000)]) {
    const sealed = cipher.seal('grant', 'context', plain)
    t.ok(cipher.open('grant', 'context', sealed) === plain, `a text of ${plain.length} characters`)
    t.match(sealed, /^v1\.[\w-]{6}\.[\w-]+$/, 'fits into a cookie and a URL')
  }
})

t.test('a sealed text is never the same twice, and shows nothing of what it holds', async (t) => {
  const cipher = new Cipher([secret])
  const sealed = Array.from({ length: 1_000 }, () => cipher.seal('grant', 'context', 'the plain text'))
  const bytes = sealed.map(value => Buffer.from(String(value.split('.')[2]), 'base64url'))
  t.equal(new Set(bytes.map(one => one.subarray(0, 12).toString('hex'))).size, 1_000, 'no initialisation vector is used twice')
  t.equal(new Set(bytes.map(one => one.subarray(12).toString('hex'))).size, 1_000)
  t.notMatch(Buffer.concat(bytes).toString('latin1'), 'plain')
})

t.test('a value opens for the purpose it was sealed for alone (A19)', async (t) => {
  const cipher = new Cipher([secret])
  for (const purpose of purposes) {
    const sealed = cipher.seal(purpose, 'context', 'text')
    for (const opener of purposes) t.equal(cipher.open(opener, 'context', sealed), opener === purpose ? 'text' : null, `${purpose} opened as ${opener}`)
  }
})

t.test('purpose and context are not glued together', async (t) => {
  const cipher = new Cipher([secret])
  const sealed = cipher.seal('grant', 'a\0b', 'text')
  for (const context of ['a', 'b', 'a\0', 'a\0b\0', 'grant\0a\0b', '\0a\0b', 'A\0b', '']) t.equal(cipher.open('grant', context, sealed), null, JSON.stringify(context))
  t.equal(cipher.open('grant', 'a\0b', sealed), 'text')
})

t.test('another key opens nothing, even under the same key id', async (t) => {
  const sealed = new Cipher([secret]).seal('grant', 'context', 'text')
  const stranger = new Cipher([other])
  t.equal(stranger.open('grant', 'context', sealed), null)
  const [, id] = stranger.seal('grant', 'context', 'text').split('.')
  const [format, , data] = sealed.split('.')
  t.equal(stranger.open('grant', 'context', `${format}.${id}.${data}`), null)
})

t.test('the first key seals and all open: keys are rotated by putting a new one in front', async (t) => {
  const old = new Cipher([secret])
  const both = new Cipher([other, secret])
  const next = new Cipher([other])
  const before = old.seal('grant', 'context', 'before')
  const after = both.seal('grant', 'context', 'after')
  t.equal(both.open('grant', 'context', before), 'before')
  t.equal(both.open('grant', 'context', after), 'after')
  t.equal(next.open('grant', 'context', after), 'after')
  t.equal(next.open('grant', 'context', before), null, 'after the old one is removed')
  t.equal(old.open('grant', 'context', after), null)
  t.equal(new Cipher([secret, other]).open('grant', 'context', after), 'after', 'in any order')
})

t.test('a key id names its secret, is the same in every process, and gives nothing of the secret away', async (t) => {
  const idOf = (part: string | Uint8Array) => new Cipher([part]).seal('grant', 'context', 'text').split('.')[1]
  t.equal(idOf(secret), idOf(secret))
  t.equal(idOf(secret), idOf(Buffer.from(secret)), 'as text or as bytes')
  t.not(idOf(secret), idOf(other))
  const ids = Array.from({ length: 500 }, () => idOf(randomBytes(32)))
  t.equal(new Set(ids).size, 500)
})

t.test('a secret of bytes is copied: the caller may wipe it', async (t) => {
  const bytes = randomBytes(32)
  const cipher = new Cipher([bytes])
  const copy = new Cipher([Buffer.from(bytes)])
  bytes.fill(0)
  t.equal(copy.open('grant', 'context', cipher.seal('grant', 'context', 'text')), 'text')
})

t.test('any one bit that was changed makes a value worthless: key id, nonce, text, tag', async (t) => {
  const cipher = new Cipher([secret])
  const [format, id, data] = cipher.seal('grant', 'context', 'some text').split('.') as [string, string, string]
  const bytes = Buffer.from(data, 'base64url')
  t.equal(bytes.length, 12 + 'some text'.length + 16)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = Number(changed[bit >> 3]) ^ (1 << (bit & 7))
    t.equal(cipher.open('grant', 'context', `${format}.${id}.${changed.toString('base64url')}`), null, `byte ${bit >> 3}, bit ${bit & 7}`)
  }
})

t.test('any one character that was changed, dropped or put in makes a value worthless', async (t) => {
  const cipher = new Cipher([secret])
  for (const plain of ['some text', 'some texts', 'some texts!']) {
    const sealed = cipher.seal('grant', 'context', plain)
    for (let at = 0; at <= sealed.length; at++) {
      const [head, tail] = [sealed.slice(0, at), sealed.slice(at)]
      const variants = [...'A_.= \n!+/\0é'].flatMap(character => [`${head}${character}${tail}`, `${head}${character}${tail.slice(1)}`])
      for (const variant of [head, `${head}${tail.slice(1)}`, ...variants]) {
        if (variant !== sealed) t.equal(cipher.open('grant', 'context', variant), null, JSON.stringify(variant))
      }
    }
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const variant = sealed.slice(0, -1) + last
      t.equal(cipher.open('grant', 'context', variant), variant === sealed ? plain : null, 'its last character, which holds padding bits too')
    }
  }
})

t.test('a value that another key has sealed is told from one that is none', async (t) => {
  const cipher = new Cipher([secret, other])
  const stranger = new Cipher(['a third secret of 32 characters or more']).seal('grant', 'context', 'text')
  t.equal(cipher.isForeign(stranger), true)
  t.equal(cipher.isForeign(cipher.seal('grant', 'context', 'text')), false)
  t.equal(cipher.isForeign(new Cipher([other]).seal('grant', 'context', 'text')), false)
  for (const text of ['', 'v1', 'v1.abcdef', `v2.${stranger.slice(3)}`, 'garbage']) t.equal(cipher.isForeign(text), false, text)
})

t.test('what was never sealed does not open, however it is made', async (t) => {
  const cipher = new Cipher([secret])
  const id = cipher.seal('grant', 'context', 'x').split('.')[1]
  const garbage = [
    '', '.', '..', '...', 'v1', 'v1.', `v1.${id}`, `v1.${id}.`, `v1.${id}..`, `v2.${id}.AAAA`, `.${id}.AAAA`, 'v1..AAAA', `v1.${id}.%%%`, `v1.${id}.null`,
    '{}', 'null', '__proto__', 'v1.__proto__.AAAA', 'v1.constructor.AAAA', '😀', '\ud800', '\0'.repeat(100),
    ...[0, 1, 11, 12, 13, 27, 28, 29, 100].map(length => `v1.${id}.${Buffer.alloc(length).toString('base64url')}`),
    ...Array.from({ length: 200 }, () => `v1.${id}.${randomBytes(40).toString('base64url')}`)
  ]
  for (const text of garbage) t.equal(cipher.open('grant', 'context', text), null, JSON.stringify(text).slice(0, 60))
})

t.test('what is huge does not open either', async (t) => {
  const cipher = new Cipher([secret])
  const sealed = cipher.seal('grant', 'context', 'x')
  const id = sealed.split('.')[1]
  const million = 1_000_000
  for (const text of ['.'.repeat(million), 'v1.'.repeat(million), `v1.${id}.${'A'.repeat(4 * million)}`, `v1.${id}.${'='.repeat(million)}`, sealed + ' '.repeat(million), `v1.${'x'.repeat(million)}.AAAA`]) {
    t.equal(cipher.open('grant', 'context', text), null, `${text.slice(0, 20)}…`)
  }
})

t.test('a cipher that is printed shows no key', async (t) => {
  const cipher = new Cipher([secret])
  cipher.seal('grant', 'context', 'x')
  const printed = `${inspect(cipher, { depth: 9, showHidden: true })} ${JSON.stringify(cipher)}`
  t.notMatch(printed, secret)
  t.notMatch(printed, Buffer.from(secret).toString('hex').slice(0, 12))
})
