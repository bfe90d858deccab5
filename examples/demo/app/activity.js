// What has happened to each grant: the refreshes that were noticed and the calls that were made. In memory, and bounded.

const maxGrants = 200
const maxEntries = 10

export function createActivity () {
  const records = new Map()

  function recordOf (grant) {
    // Every login makes a new owner, so that each begins with an empty record.
    const key = JSON.stringify([grant.owner, grant.provider, grant.account])
    const record = records.get(key) ?? { seen: timesOf(grant), refreshes: [], calls: [] }
    records.delete(key)
    records.set(key, record)
    if (records.size > maxGrants) records.delete(records.keys().next().value)
    return record
  }

  return {
    /** Compares a grant with how it was last seen. Answers whether it has been refreshed since. */
    see (grant) {
      const record = recordOf(grant)
      const { version, authorizedAt, updatedAt } = record.seen
      const newer = grant.authorizedAt === authorizedAt && grant.version > version
      // The version also rises when a refresh token is found to be spent: no new tokens came then.
      const refreshed = newer && grant.updatedAt > updatedAt
      if (refreshed) keep(record.refreshes, { at: grant.updatedAt, fromVersion: version, toVersion: grant.version })
      if (newer || grant.authorizedAt > authorizedAt) record.seen = timesOf(grant)
      return refreshed
    },

    addCall (grant, call) {
      keep(recordOf(grant).calls, call)
    },

    /** `{ refreshes, calls, profile }`: newest first, and the profile that was kept last. */
    of (grant) {
      return recordOf(grant)
    },

    keepProfile (grant, profile) {
      recordOf(grant).profile = profile
    },

    /** Nothing to tell of: there is one process. */
    processes: () => undefined
  }
}

function timesOf ({ version, authorizedAt, updatedAt }) {
  return { version, authorizedAt, updatedAt }
}

function keep (list, entry) {
  list.unshift(entry)
  list.length = Math.min(list.length, maxEntries)
}
