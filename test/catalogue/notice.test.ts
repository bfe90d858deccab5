// What an application's log says of the entries that it takes.
import t from 'tap'
import { startApp } from '../fixtures/app.js'

const client = { clientId: 'id', clientSecret: 'secret' }

t.test('entries that one source has are named when the application starts', async (t) => {
  const { logs } = await startApp(t, { providers: { idonethis: client, work: { ...client, extends: 'jumplead' }, github: client, sso: { ...client, issuer: 'https://sso.example' } } })
  const notices = logs.filter(line => line.includes('of the catalogue'))

  t.match(notices, [/the entry idonethis of the catalogue, which providers\.idonethis takes/, /the entry jumplead of the catalogue, which providers\.work takes/])
  t.equal(notices.length, 2)
})

t.test('the names of the sign-in page are the entries\' own', async (t) => {
  const { app } = await startApp(t, { providers: { github: client, work: { ...client, extends: 'gitlab', title: 'Our GitLab' } } })

  t.equal(app.oauth.providers.get('github').title, 'GitHub')
  t.equal(app.oauth.providers.get('work').title, 'Our GitLab')
})
