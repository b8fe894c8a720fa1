/**
 * Addresses of connections. Ten thousand of them should cost little, and most are never asked for:
 * an IPv4 address is kept as its 32 bits and becomes text when it is read.
 */
import { addressBytes } from './protocol.ts'

/** IPv4 as a signed number, IPv6 as text; nothing for a Unix socket, or when it is unknown. */
export type Address = number | string | undefined

/** What 24 bytes of native code say: family, port, scope, address. */
export function addressAt(data: Buffer, at: number): Address {
  const family = data[at]
  if (family === 4) return data.readInt32BE(at + 8)
  if (family !== 6) return undefined
  const scope = data.readUInt32LE(at + 4)
  return textOfIPv6(data, at + 8) + (scope === 0 ? '' : `%${scope}`)
}

export function portAt(data: Buffer, at: number): number {
  return (data[at + 2] as number) | ((data[at + 3] as number) << 8)
}

/** Whether there is no address: it is the listener's then, or there is none. */
export function isUnknownAt(data: Buffer, at: number): boolean {
  return data[at] === 0
}

/** Where the second address begins. */
export function localAt(at: number): number {
  return at + addressBytes
}

export function textOf(address: Address): string | undefined {
  if (typeof address !== 'number') return address
  const low = `${(address >>> 8) & 255}.${address & 255}`
  return `${address >>> 24}.${(address >>> 16) & 255}.${low}`
}

export function familyOf(address: Address): 'IPv4' | 'IPv6' | undefined {
  if (address === undefined) return undefined
  return typeof address === 'number' ? 'IPv4' : 'IPv6'
}

/** The text of RFC 5952. */
export function textOfIPv6(data: Buffer, at: number): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push(data.readUInt16BE(at + i))
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped) return `::ffff:${textOf(data.readInt32BE(at + 12))}`
  const { start, length } = longestZeros(groups)
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

function hex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':')
}

/** The first of the longest runs of groups that are 0. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: index + 1 - length, length }
  }
  return best
}
