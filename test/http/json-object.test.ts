import t from 'tap'
import { jsonObjectIn } from '../../lib/http/json-object.js'

t.test('an object is read, and nothing else is one', async (t) => {
  t.strictSame(jsonObjectIn(' {"a": {"b": [1]}}\n'), { a: { b: [1] } })
  for (const text of ['', 'a=b', '{', 'null', '[]', '[{"a":1}]', '"text"', '1']) t.equal(jsonObjectIn(text), undefined, text)
})
