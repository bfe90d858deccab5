// An OAuth 1.0a provider for the demo: the fake one that fastify-oauth/testing gives to tests, with an API of two albums.
import { createFakeProvider } from 'fastify-oauth/testing'

const albums = [{ id: 1, title: 'Looms' }, { id: 2, title: 'Engines' }]

/** Starts it on a free port. Answers `{ options, url, close() }`: `options` are the plugin's for it, but for `profile`. */
export async function startOAuth1Provider ({ clientId, clientSecret, callbackUrl }) {
  const provider = createFakeProvider({
    protocol: 'oauth1',
    users: [{ sub: 'photo-user', name: 'Photo User', email: 'photo-user@example.com', email_verified: true }],
    clients: [{ clientId, clientSecret, redirectUris: [callbackUrl] }],
    api: { albums: { answer: { albums } } }
  })
  const url = await provider.listen()
  return { options: provider.options, url, close: () => provider.close() }
}

/** The option `profile` for it. */
export function toProfile ({ sub, name, email, email_verified: emailVerified }) {
  return { id: sub, name, email, emailVerified }
}
