// What RedisGrantStore asks of the server: each script is atomic there, reads the server's clock, and names every key that
// it touches. A client may send a command again whose answer was lost, so each recognises its caller's earlier try.
import { createHash } from 'node:crypto'

export interface RedisScript { source: string, digest: string }

// The fence of a lease is the time in microseconds, so that it rises even where the last one was forgotten. It is
// remembered for a day after the lease; a holder who comes back later than that is refused by its age.
const day = 24 * 60 * 60 * 1_000
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]`
const fields = "'owner', 'provider', 'account', 'version', 'authorizedAt', 'refreshing', 'sealed'"

// By a script, since a client may ask a replica for what is only read: that could be a token that was sent already.
export const getScript = script(`
return redis.call('HMGET', KEYS[1], ${fields})`)

// KEYS: row, lease, set. ARGV: id, write, expected version, fence, time to live, then the fields.
export const putScript = script(`${now}
local row = redis.call('HMGET', KEYS[1], 'version', 'write')
if row[2] == ARGV[2] then return 1 end
if tonumber(row[1] or 0) ~= tonumber(ARGV[3]) then return 0 end
if ARGV[4] ~= '' then
  local oldest = redis.call('HGET', KEYS[2], 'fence') or now - ${day} * 1000
  if tonumber(ARGV[4]) < tonumber(oldest) then return 0 end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'write', ARGV[2], 'version', ARGV[3] + 1, unpack(ARGV, 6))
local left = redis.call('PTTL', KEYS[3])
redis.call('SADD', KEYS[3], ARGV[1])
if ARGV[5] == '' then
  redis.call('PERSIST', KEYS[3])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  if left ~= -1 and left < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[3], ARGV[5]) end
end
return 1`)

// KEYS: row, set. ARGV: id, expected version.
export const deleteScript = script(`
local version = redis.call('HGET', KEYS[1], 'version')
if not version or (ARGV[2] ~= '' and tonumber(version) ~= tonumber(ARGV[2])) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
return 1`)

// KEYS: set, rows. ARGV: their ids. Where these are not what the set holds it answers what does, to be asked again.
export const listScript = script(`
local ids = redis.call('SMEMBERS', KEYS[1])
local keys = {}
for index, id in ipairs(ARGV) do keys[id] = KEYS[index + 1] end
for _, id in ipairs(ids) do
  if not keys[id] then return {0, ids} end
end
local rows = {}
for _, id in ipairs(ids) do
  local row = redis.call('HMGET', keys[id], ${fields})
  if row[1] then rows[#rows + 1] = row else redis.call('SREM', KEYS[1], id) end
end
return {1, rows}`)

// KEYS: lease. ARGV: holder, time.
export const leaseScript = script(`${now}
local held = redis.call('HMGET', KEYS[1], 'fence', 'until', 'holder')
if tonumber(held[2] or 0) > now then
  return held[3] == ARGV[1] and held[1] or false
end
local fence = string.format('%.0f', math.max(now, (held[1] or 0) + 1))
redis.call('HSET', KEYS[1], 'fence', fence, 'until', string.format('%.0f', now + ARGV[2] * 1000), 'holder', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${day})
return fence`)

// KEYS: lease. ARGV: holder, time; a time of 0 gives it back.
export const renewScript = script(`${now}
local held = redis.call('HMGET', KEYS[1], 'until', 'holder')
if held[2] ~= ARGV[1] or tonumber(held[1]) <= now then return 0 end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2] * 1000))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${day})
return 1`)

// KEYS: claim. ARGV: whose, time.
export const claimScript = script(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0`)

function script (text: string): RedisScript {
  const source = text.trim()
  return { source, digest: createHash('sha1').update(source).digest('hex') }
}
