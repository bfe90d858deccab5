import t from 'tap'
import { errorCodes } from '../../lib/errors.js'
import type { OAuthErrorCode } from '../../lib/errors.js'
import { publicText } from '../../lib/web/error-texts.js'

t.test('every error has a sentence for the user, which repeats nothing of the developer\'s message', async (t) => {
  for (const [code, OAuthError] of Object.entries(errorCodes)) {
    const { statusCode, message } = new OAuthError('canary', 'canary', 'canary')
    const text = publicText({ code: code as OAuthErrorCode, statusCode })
    t.match(text, /^[A-Z].*\.$/, code)
    t.notMatch(text, /canary|option|FST_/, code)
    t.not(text, message, code)
  }
})

t.test('every cause of a bad state has a text of its own', async (t) => {
  const codes = Object.keys(errorCodes).filter(code => code.startsWith('FST_OAUTH_STATE_')) as OAuthErrorCode[]
  t.equal(codes.length, 9)
  t.equal(new Set(codes.map(code => publicText({ code, statusCode: 400 }))).size, codes.length)
})

t.test('the user is told whose fault it was, where there is no text for the code', async (t) => {
  t.equal(publicText({ code: 'FST_OAUTH_ID_TOKEN_INVALID', statusCode: 400 }), 'The login could not be completed.')
  t.match(publicText({ code: 'FST_OAUTH_TOKEN_REFUSED', statusCode: 502 }), /through no fault of yours/)
})
