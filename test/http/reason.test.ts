// Why a provider refuses, in its own words.
import t from 'tap'
import { failureIn, reasonIn, reasonOf } from '../../lib/http/reason.js'

t.test('a description is taken before a name', async (t) => {
  const reasons: Array<[unknown, string | undefined]> = [
    [{ error: 'invalid_token', error_description: 'it is old' }, 'invalid_token: it is old'],
    [{ error: 'invalid_token' }, 'invalid_token'],
    [{ error: 'no', message: 'no' }, 'no'],
    [{ error: { code: 401, message: 'it is old' } }, 'it is old'],
    [{ error: true, message: 'it is old' }, 'it is old'],
    [{ error: 401, message: '' }, undefined],
    [{ errors: [{ detail: 'it is old' }] }, 'it is old'],
    [{ errors: 'it is old' }, 'it is old'],
    [{ title: 'Unauthorized', detail: 'it is old' }, 'it is old'],
    [{ title: 'Unauthorized' }, 'Unauthorized'],
    [{ name: 'Ann Lee' }, undefined],
    ['text', undefined],
    [null, undefined]
  ]
  for (const [body, reason] of reasons) t.equal(reasonIn(body), reason, JSON.stringify(body))
})

t.test('text that is no JSON is not repeated; a challenge is', async (t) => {
  t.equal(reasonOf({ text: 'a page', headers: {} }), undefined)
  t.equal(reasonOf({ text: '', headers: { 'www-authenticate': 'Bearer realm="x", error="invalid_token"' } }), 'invalid_token')
  t.equal(reasonOf({ text: '', headers: { 'www-authenticate': 'Bearer realm="x"' } }), undefined)
  t.equal(reasonOf({ text: '{"message":"it is old"}', headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }), 'it is old')
})

t.test('failures with a status of success', async (t) => {
  const failures: unknown[] = [
    { ok: false, message: 'why' }, { success: false, message: 'why' }, { error: 'why' }, { error: { message: 'why' } }, { errors: [{ message: 'why' }] },
    { errcode: 40001, errmsg: 'why' }, { code: 99991663, msg: 'why' }, { code: 'invalid', msg: 'why' }, { resultcode: '024', message: 'why' }
  ]
  for (const body of failures) t.equal(failureIn(body), 'why', JSON.stringify(body))
  t.equal(failureIn({ errcode: 40001 }), 'it gives no reason')
  const successes: unknown[] = [
    { message: 'hello' }, { ok: true, error: null, errors: [] }, { error: {}, message: 'x' }, { errcode: 0, errmsg: 'ok' }, { code: '0', msg: 'x' }, { error: '' },
    { error: false, message: 'x' }, { resultcode: '00', message: 'success' }, undefined, 'text'
  ]
  for (const body of successes) t.equal(failureIn(body), undefined, JSON.stringify(body))
})
