import t from 'tap'
import { CookieJar } from '../../lib/testing/cookie-jar.js'

t.test('keeps what is set, and forgets what is cleared', async (t) => {
  const jar = new CookieJar({ old: '1', other: '2', third: '3' })
  jar.store(undefined)
  jar.store('a=b=c; Path=/; Max-Age=60; HttpOnly')
  jar.store(['old=; Max-Age=0', 'other=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'third=4; Expires=Fri, 01 Jan 2100 00:00:00 GMT', 'empty='])
  t.strictSame(jar.toObject(), { third: '4', a: 'b=c', empty: '' })
  t.equal(jar.toHeader(), 'third=4; a=b=c; empty=')
})
