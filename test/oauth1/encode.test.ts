// Percent-encoding: the test cases of the OAuth Core wiki, and what real queries hold.
import t from 'tap'
import { decode, encode, encodeAnew } from '../../lib/oauth1/encode.js'

t.test('encodes everything but letters, digits and -._~', async (t) => {
  const cases: Array<[text: string, encoded: string]> = [
    ['abcABC123', 'abcABC123'], ['-._~', '-._~'], ['%', '%25'], ['+', '%2B'], ['&=*', '%26%3D%2A'], ['\n', '%0A'], [' ', '%20'],
    ['\u007f', '%7F'], ['\u0080', '%C2%80'], ['\u3001', '%E3%80%81'], ['!\'()*', '%21%27%28%29%2A'], ['\u{1f511}', '%F0%9F%94%91'],
    ['', ''], ['\0', '%00'], ['\ufeff', '%EF%BB%BF'], ['%41', '%2541']
  ]
  for (const [text, encoded] of cases) {
    t.equal(encode(text), encoded)
    t.equal(decode(encoded), text)
  }
  t.equal(encode('a\ud800b'), 'a%EF%BF%BDb', 'half a character is sent as U+FFFD')
  for (const malformed of ['%', '%zz', '%ff']) t.equal(decode(malformed), null)
})

t.test('brings what a query holds into that encoding', async (t) => {
  const cases: Array<[formEncoded: string, encoded: string]> = [
    ['plain', 'plain'], ['a+b', 'a%20b'], ['a%20b', 'a%20b'], ['a%2Bb', 'a%2Bb'], ['%2b%c3%a9', '%2B%C3%A9'], ['%7E%41%2D', '~A-'],
    ['%', '%25'], ['%zz', '%25zz'], ['100%', '100%25'], ['%4', '%254'], ['%%41', '%25A'], ['%2541', '%2541'], ['%ff%C3', '%FF%C3'],
    ['!*\'()[]', '%21%2A%27%28%29%5B%5D'], ['é\u{1f600}', '%C3%A9%F0%9F%98%80'], ['x=y', 'x%3Dy'], ['\ud800', '%EF%BF%BD'], ['', '']
  ]
  for (const [formEncoded, encoded] of cases) t.equal(encodeAnew(formEncoded), encoded, formEncoded)
})

t.test('every escape of an octet ends in one form', async (t) => {
  for (let octet = 0; octet < 256; octet++) {
    const upper = `%${octet.toString(16).padStart(2, '0').toUpperCase()}`
    const expected = /[A-Za-z0-9\-._~]/.test(String.fromCharCode(octet)) ? String.fromCharCode(octet) : upper
    t.equal(encodeAnew(upper), expected)
    t.equal(encodeAnew(upper.toLowerCase()), expected)
  }
})
