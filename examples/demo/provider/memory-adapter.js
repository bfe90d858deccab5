// Where oidc-provider keeps sessions, grants and tokens: in memory, bounded, gone with the process. Its own quick-start
// adapter does the same but warns about it at every start.

const maxRows = 5000

/** oidc-provider calls the answer once per model; all models share one table. */
export function createMemoryAdapter () {
  const rows = new Map()
  return (model) => new MemoryAdapter(model, rows)
}

class MemoryAdapter {
  constructor (model, rows) {
    this.prefix = `${model}:`
    this.rows = rows
  }

  async upsert (id, payload, expiresIn) {
    makeRoom(this.rows)
    this.rows.set(this.prefix + id, { payload, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : Infinity })
  }

  async find (id) {
    return this.#live(this.prefix + id)
  }

  async findByUid (uid) {
    return this.#search((payload) => payload.uid === uid)
  }

  async findByUserCode (userCode) {
    return this.#search((payload) => payload.userCode === userCode)
  }

  async consume (id) {
    const payload = this.#live(this.prefix + id)
    if (payload) payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy (id) {
    this.rows.delete(this.prefix + id)
  }

  async revokeByGrantId (grantId) {
    for (const [key, { payload }] of this.rows) {
      if (key.startsWith(this.prefix) && payload.grantId === grantId) this.rows.delete(key)
    }
  }

  #live (key) {
    const row = this.rows.get(key)
    return row?.expiresAt > Date.now() ? row.payload : undefined
  }

  #search (matches) {
    for (const [key, { payload }] of this.rows) {
      if (key.startsWith(this.prefix) && matches(payload)) return this.#live(key)
    }
  }
}

function makeRoom (rows) {
  if (rows.size < maxRows) return
  const now = Date.now()
  for (const [key, { expiresAt }] of rows) {
    if (expiresAt <= now) rows.delete(key)
  }
  for (const key of rows.keys()) {
    if (rows.size < maxRows) return
    rows.delete(key)
  }
}
