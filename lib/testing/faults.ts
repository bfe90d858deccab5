// Faults by name: where each belongs, and which are due.
import type { FakeEndpoint, FakeFault, FakeFaultOptions, FakeFaults, FakeRequest } from '../../types/testing.js'
import { oauthError } from '../errors.js'

/** What a fault changes: the answer on the wire, the members of a token answer, the id_token, or the callback. */
type Stage = 'wire' | 'tokens' | 'id-token' | 'callback'

/** Every fault, and its stage. */
export const faultStages: Readonly<Record<FakeFault, Stage>> = {
  refuse: 'wire',
  reset: 'wire',
  'slow-drip': 'wire',
  'status-429': 'wire',
  'status-500': 'wire',
  html: 'wire',
  truncated: 'wire',
  huge: 'wire',
  'gzip-bomb': 'wire',
  'wrong-content-type': 'wire',
  'lost-refresh': 'wire',
  invalid_grant: 'wire',
  'error-in-200': 'wire',
  'form-encoded': 'tokens',
  'nested-tokens': 'tokens',
  'no-token-type': 'tokens',
  'odd-token-type': 'tokens',
  'string-expires-in': 'tokens',
  'wrong-iss': 'id-token',
  'wrong-aud': 'id-token',
  'wrong-nonce': 'id-token',
  'alg-none': 'id-token',
  'key-rotated': 'id-token',
  'unknown-key': 'id-token',
  'clock-off': 'id-token',
  access_denied: 'callback',
  server_error: 'callback',
  temporarily_unavailable: 'callback',
  'wrong-state': 'callback',
  'no-state': 'callback',
  'wrong-callback-iss': 'callback'
}

const ofTokenEndpoint: ReadonlySet<FakeFault> = new Set(['lost-refresh', 'invalid_grant', 'error-in-200'])

export interface DueFault { name: FakeFault, options: FakeFaultOptions }

interface Planned extends DueFault { left: number }

export class Faults implements FakeFaults {
  #planned: Planned[] = []

  next (name: FakeFault, count = 1, options: FakeFaultOptions = {}): void {
    check(name)
    this.#planned.push({ name, options, left: count })
  }

  set (name: FakeFault, options: FakeFaultOptions = {}): void {
    this.next(name, Infinity, options)
  }

  clear (name?: FakeFault): void {
    if (name !== undefined) check(name)
    this.#planned = name === undefined ? [] : this.#planned.filter(fault => fault.name !== name)
  }

  /** Whether a fault is still to come. */
  isPlanned (name: FakeFault): boolean {
    return this.#planned.some(fault => fault.name === name)
  }

  /** The fault of a request on the wire, which counts as one of its times. */
  ofRequest (request: FakeRequest): DueFault | undefined {
    return this.#take(fault => faultStages[fault.name] === 'wire' && concerns(fault, request))
  }

  /** Every fault of a later stage; each counts as one of its times. */
  ofStage (stage: Exclude<Stage, 'wire'>): Map<FakeFault, FakeFaultOptions> {
    const due = new Map<FakeFault, FakeFaultOptions>()
    const take = () => this.#take(fault => faultStages[fault.name] === stage && !due.has(fault.name))
    for (let fault = take(); fault !== undefined; fault = take()) due.set(fault.name, fault.options)
    return due
  }

  #take (matches: (fault: Planned) => boolean): DueFault | undefined {
    const found = this.#planned.find(matches)
    if (found === undefined) return undefined
    found.left--
    this.#planned = this.#planned.filter(({ left }) => left > 0)
    return found
  }
}

// Pages are for a browser: what belongs to connections leaves them alone unless it is asked to.
function concerns ({ name, options: { at } }: DueFault, { endpoint, params }: FakeRequest): boolean {
  if (name === 'lost-refresh') return endpoint === 'token' && params.grant_type === 'refresh_token'
  const due: FakeEndpoint | undefined = at ?? (ofTokenEndpoint.has(name) ? 'token' : undefined)
  return due === undefined ? endpoint !== 'authorize' : endpoint === due
}

function check (name: FakeFault): void {
  if (!Object.hasOwn(faultStages, name)) throw oauthError('FST_OAUTH_TESTING_UNKNOWN_FAULT', [JSON.stringify(name), Object.keys(faultStages).join(', ')])
}
