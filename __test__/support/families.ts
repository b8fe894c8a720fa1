import { networkInterfaces } from 'node:os'
import { type Run, where } from './platforms.js'
import { families } from './sockets.js'

export const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.family === 'IPv6' && address.internal)

export const ipv6 = where(hasIPv6, 'there is no IPv6 here')

/** Declares the tests of `body` for each family; those of IPv6 are skipped where it is missing. */
export function eachFamily(
  body: (run: Run, family: 'IPv4' | 'IPv6', address: string) => void,
): void {
  for (const [family, address] of families) {
    const declare = where(family === 'IPv4' || hasIPv6, 'there is no IPv6 here')
    const run: Run = (title, implementation) => declare(`${family}: ${title}`, implementation)
    body(run, family, address)
  }
}
