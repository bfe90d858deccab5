// Connections to addresses that somebody chose who is not trusted (SSRF): the address that a connection really goes to is looked at,
// after DNS, at every connection, those of redirects included (RFC 6890, RFC 4193, RFC 3927).
import { lookup } from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { buildConnector } from 'undici'
import type { Dispatcher } from 'undici'
import { oauthError } from '../errors.js'
import type { ClientCertificate } from './mutual-tls.js'
import { OwnAgent } from './own-agent.js'

export interface AddressGuard {
  /** Names the provider in errors. */
  provider: string
  /** Addresses and ranges that may be connected to all the same. */
  allowed: readonly string[]
  /** How TLS connections are made. */
  tls?: ClientCertificate | undefined
  /** Looks names up. Default: that of Node.js. */
  resolve?: typeof lookup
}

type Answered = (error: Error | null, address?: string | LookupAddress[], family?: number) => void

const reserved = {
  ipv4: ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24',
    '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // IPv4 inside of IPv6 may be any of these: mapped, compatible, NAT64, Teredo, 6to4.
  ipv6: ['::/96', '::ffff:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/23', '2002::/16',
    '100::/64', '2001:db8::/32', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8']
}

// One list for each: IPv4 counts as mapped into IPv6 where they are together. Made once: there may be a provider for each tenant.
const reservedLists = { ipv4: listOf(reserved.ipv4), ipv6: listOf(reserved.ipv6) }

/** A dispatcher that connects to public addresses alone. It fails with FST_OAUTH_ADDRESS_REFUSED. */
export function createGuardedAgent (guard: AddressGuard): Dispatcher {
  const isAllowed = addressCheck(guard.allowed)
  const refused = () => oauthError('FST_OAUTH_ADDRESS_REFUSED', [guard.provider], undefined, { unspent: true })
  const connector = buildConnector({ ...guard.tls, lookup: checkedLookup(guard.resolve ?? lookup, isAllowed, refused) } as buildConnector.BuildOptions)
  const connect: buildConnector.connector = (options, callback) => {
    // An address is not looked up.
    const literal = options.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !isAllowed(literal)) return callback(refused(), null)
    connector(options, callback)
  }
  return new OwnAgent({ connect })
}

/** Whether an address is public, or among those that are allowed. */
export function addressCheck (allowed: readonly string[]): (address: string) => boolean {
  const yes = listOf(allowed)
  return address => {
    // A zone names an interface of this machine.
    const plain = address.replace(/%.*$/s, '')
    const family = isIP(plain)
    if (family === 0) return false
    const type = family === 4 ? 'ipv4' : 'ipv6'
    return yes.check(plain, type) || !reservedLists[type].check(plain, type)
  }
}

/** What a connection looks names up by: addresses that are not allowed are left out. */
export function checkedLookup (resolve: typeof lookup, isAllowed: (address: string) => boolean, refused: () => Error) {
  return (hostname: string, options: LookupOptions, callback: Answered): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error)
      const usable = addresses.filter(({ address }) => isAllowed(address))
      const [first] = usable
      if (first === undefined) return callback(refused())
      if (options.all === true) callback(null, usable)
      else callback(null, first.address, first.family)
    })
  }
}

function listOf (ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const type = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, type)
    else list.addSubnet(address, Number(bits), type)
  }
  return list
}
