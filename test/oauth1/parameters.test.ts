// Which parameters count, and in which order: the test cases of the OAuth Core wiki, and more.
import t from 'tap'
import { baseStringField, collect, isForm, normalise, normaliseAround, toParameter } from '../../lib/oauth1/parameters.js'
import type { Parameter } from '../../lib/oauth1/parameters.js'

function collected (formEncoded: string): Parameter[] {
  const parameters: Parameter[] = []
  collect(formEncoded, parameters)
  return parameters
}

t.test('sorts by name, then by value, as they are when encoded', async (t) => {
  const cases: Array<[formEncoded: string, normalised: string]> = [
    ['name', 'name='], ['a=b', 'a=b'], ['a=b&c=d', 'a=b&c=d'], ['a=x!y&a=x+y', 'a=x%20y&a=x%21y'], ['x!y=a&x=a', 'x=a&x%21y=a'],
    ['', ''], ['&', ''], ['=', '='], ['a&&b', 'a=&b='], ['b=1&a0=1&a-b=2&a%20=3&a=4', 'a=4&a%20=3&a-b=2&a0=1&b=1'],
    ['a=1&a=1&a=10&a=', 'a=&a=1&a=1&a=10'], ['a==b', 'a=%3Db']
  ]
  for (const [formEncoded, normalised] of cases) t.equal(normalise(collected(formEncoded)), encodeURIComponent(normalised), formEncoded)
})

t.test('those of the protocol stand as a whole between those that sort before and after them', async (t) => {
  const protocol = `${baseStringField('oauth_a', 'b%20c')}%26${baseStringField('oauth_z', '')}`
  t.equal(decodeURIComponent(protocol), 'oauth_a=b%20c&oauth_z=')
  for (const formEncoded of ['', 'a=1', 'z=1', 'z=1&a=2&OAUTH=3', 'oauth=1&oauti=2', '%C3%A9&~']) {
    const all = [...collected(formEncoded), toParameter('oauth_a', 'b c'), toParameter('oauth_z', '')]
    t.equal(normaliseAround(protocol, collected(formEncoded)), normalise(all), formEncoded)
  }
})

t.test('a body is a form by its media type alone', async (t) => {
  for (const type of ['application/x-www-form-urlencoded', 'Application/X-WWW-Form-Urlencoded', 'application/x-www-form-urlencoded;charset=utf-8', ' application/x-www-form-urlencoded ; charset="x"']) {
    t.equal(isForm(type), true, type)
  }
  for (const type of [undefined, '', 'application/json', 'application/x-www-form-urlencoded-v2', 'application/x-www-form-urlencoded, text/plain', 'text/plain; application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    t.equal(isForm(type), false, String(type))
  }
})

t.test('a long query is not quadratic', async (t) => {
  const parameters = collected(Array.from({ length: 50_000 }, (_, index) => `k${index % 977}=${index}%`).join('&'))
  t.equal(normaliseAround('oauth_a%3D', parameters).split('%26').length, 50_001)
})
