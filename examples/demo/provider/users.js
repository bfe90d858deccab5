// Who can log in at the demo's provider: two invented people, and anybody who types a name.
import { createHash } from 'node:crypto'

const maxGuests = 100
const maxNameLength = 60

/** @typedef {{ id: string, name: string, email: string, emailVerified: boolean, tint?: string }} User */

export function createUsers ({ issuer }) {
  /** @type {User[]} */
  const list = [
    { id: 'demo-user', name: 'Demo User', email: 'demo@example.com', emailVerified: true, tint: '#8a4b08' },
    { id: 'second-user', name: 'Second User', email: 'second@example.com', emailVerified: true, tint: '#2d5b94' }
  ]
  const byId = new Map(list.map((user) => [user.id, user]))

  /** The guest of that name, made on first sight; null for a name with nothing in it. */
  function enter (typed) {
    const name = typed.replace(/\s+/g, ' ').trim().slice(0, maxNameLength)
    if (!name) return null
    const guest = createGuest(name)
    if (!byId.has(guest.id)) byId.set(guest.id, guest)
    if (byId.size > list.length + maxGuests) byId.delete([...byId.keys()][list.length])
    return guest
  }

  function findAccount (id) {
    const user = byId.get(id)
    return user && { accountId: id, claims: () => claimsOf(user, issuer) }
  }

  function serveAvatar (ctx, next) {
    const id = /^\/avatars\/([\w-]+)\.svg$/.exec(ctx.path)?.[1]
    const user = byId.get(String(id))
    if (!user?.tint) return next()
    ctx.type = 'image/svg+xml'
    ctx.body = drawAvatar(user.tint)
  }

  return { list, find: (id) => byId.get(id), enter, findAccount, serveAvatar }
}

function createGuest (name) {
  // Hashed rather than spelled out, so that names in any script make an id that is safe in an e-mail address and a URL.
  const digest = createHash('sha256').update(name.toLowerCase()).digest('hex').slice(0, 8)
  return { id: `guest-${digest}`, name, email: `guest-${digest}@example.com`, emailVerified: false }
}

function claimsOf (user, issuer) {
  return {
    sub: user.id,
    name: user.name,
    picture: user.tint && `${issuer}/avatars/${user.id}.svg`,
    email: user.email,
    email_verified: user.emailVerified
  }
}

function drawAvatar (tint) {
  return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">' +
    `<rect width="96" height="96" fill="${tint}"/>` +
    '<g fill="#fff" fill-opacity=".88"><circle cx="48" cy="38" r="16"/><path d="M14 96a34 34 0 0 1 68 0z"/></g></svg>'
}
