// What providers answer of their users, in the shape of their documentation with invented values, and the profiles that come of it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { OAuthProfile } from '../../lib/index.js'
import { toProfile, withEmails } from '../../lib/oidc/profile.js'
import { readEntries } from '../fixtures/catalogue-artifacts.js'
import { projectRoot } from '../fixtures/project.js'

interface Example { userinfo: Record<string, unknown>, emails?: unknown, profile: Partial<OAuthProfile> }

const examples: Record<string, Example> = JSON.parse(readFileSync(join(projectRoot, 'test/catalogue/profiles.json'), 'utf8'))
const entries = readEntries()
const none = { id: undefined, name: undefined, email: undefined, emailVerified: false, username: undefined, picture: undefined }

for (const [name, { userinfo, emails, profile }] of Object.entries(examples)) {
  t.test(name, async (t) => {
    const map = entries[name]?.options.profile
    const found = await withEmails(toProfile(userinfo, map), map, async () => emails)
    t.strictSame(found, { ...none, ...profile, raw: userinfo })
  })
}

t.test('each provider whose scopes the catalogue explains is here', async (t) => {
  for (const [name, { scopes }] of Object.entries(entries)) if (scopes !== undefined) t.ok(name in examples, name)
})
