// The header, written and read; what stands in a form or a query instead.
import t from 'tap'
import { appendParameters, headerField, headerStart, parseHeader } from '../../lib/oauth1/authorization-header.js'

t.test('reads the RFC\'s example', async (t) => {
  const header = `OAuth realm="Example",
    oauth_consumer_key="0685bd9184jfhq22",
    oauth_token="ad180jjd733klru7",
    oauth_signature_method="HMAC-SHA1",
    oauth_signature="wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D",
    oauth_timestamp="137131200",
    oauth_nonce="4572616e48616d6d65724c61686176",
    oauth_version="1.0"`
  t.strictSame(parseHeader(header.replace(/\s+/g, ' ')), {
    realm: 'Example',
    parameters: [
      ['oauth_consumer_key', '0685bd9184jfhq22'], ['oauth_token', 'ad180jjd733klru7'], ['oauth_signature_method', 'HMAC-SHA1'],
      ['oauth_signature', 'wOJIO9A2W5mFwDgiDvZbTSMK/PY='], ['oauth_timestamp', '137131200'], ['oauth_nonce', '4572616e48616d6d65724c61686176'],
      ['oauth_version', '1.0']
    ]
  })
})

t.test('reads other forms of the same, and keeps what came twice', async (t) => {
  t.strictSame(parseHeader('oauth a="",b="%20"'), { realm: undefined, parameters: [['a', ''], ['b', ' ']] })
  t.strictSame(parseHeader('OAUTH\ta="1" , REALM="x" ,a="2"'), { realm: 'x', parameters: [['a', '1'], ['a', '2']] })
  t.strictSame(parseHeader('OAuth'), { realm: undefined, parameters: [] })
  t.strictSame(parseHeader('OAuth a="x,y=z"'), { realm: undefined, parameters: [['a', 'x,y=z']] })
})

t.test('answers null for what is none', async (t) => {
  for (const header of ['', 'Bearer x', 'OAuthx a="b"', 'OAuth a', 'OAuth a=b', 'OAuth a="b', 'OAuth a="b" c="d"', 'OAuth ="b"', 'OAuth a="%zz"', 'OAuth %ff="a"', 'OAuth a="b",,c="d"', 'OAuth a="b\\"']) {
    t.equal(parseHeader(header), null, header)
  }
})

t.test('is read in linear time', async (t) => {
  for (const part of ['\\', ' ', 'a', '"', ',', 'a="b",', 'a=']) t.equal(parseHeader(`OAuth x="${part.repeat(200_000)}`), null)
})

t.test('a realm is quoted, not percent-encoded, and comes back', async (t) => {
  for (const realm of ['', 'Photos', 'https://api.example.com/', 'a "b" \\c, d="e"', '100%']) {
    t.equal(parseHeader(`${headerStart(realm)}${headerField('a', 'b')}`)?.realm, realm)
  }
  t.equal(headerStart(undefined), 'OAuth ')
  for (const realm of ['é', 'a\r\nb: c', '\u007f', '\t']) {
    t.throws(() => headerStart(realm), { code: 'FST_OAUTH_CANNOT_SIGN', message: /realm/ })
  }
})

t.test('appends to a form or a query', async (t) => {
  t.equal(appendParameters('', { oauth_nonce: 'a b', oauth_signature: 'a+b/c=' }), 'oauth_nonce=a%20b&oauth_signature=a%2Bb%2Fc%3D')
  t.equal(appendParameters('c2&a=+', { oauth_token: '' }), 'c2&a=+&oauth_token=')
})
