// A provider's name and its tenant in one text, and back.
import t from 'tap'
import { pathOf, placeIn, placeOf } from '../lib/place.js'

t.test('one text for both', async (t) => {
  for (const place of [{ provider: 'sso' }, { provider: 'sso', tenant: 'acme' }, { provider: 'exchanged:sso', tenant: 'a.b_c-d' }]) t.strictSame(placeIn(placeOf(place)), place)
  t.equal(placeOf({ provider: 'sso', tenant: undefined }), 'sso')
  t.equal(placeOf({ provider: 'sso', tenant: 'acme' }), 'sso/acme')
})

t.test('the path of its options', async (t) => {
  t.equal(pathOf({ provider: 'sso' }), 'providers.sso')
  t.equal(pathOf({ provider: 'sso', tenant: 'acme' }), 'providers.sso()')
})
