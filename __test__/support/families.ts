import { networkInterfaces } from 'node:os'
import test, { type ExecutionContext } from 'ava'
import { families } from './sockets.js'

export const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.family === 'IPv6' && address.internal)

type Run = (title: string, body: (t: ExecutionContext) => void | Promise<void>) => void

/** Declares the tests of `body` for each family; those of IPv6 are skipped where it is missing. */
export function eachFamily(
  body: (run: Run, family: 'IPv4' | 'IPv6', address: string) => void,
): void {
  for (const [family, address] of families) {
    const missing = family === 'IPv6' && !hasIPv6
    const run: Run = (title, implementation) => {
      if (missing) test.skip(`${family}: ${title} (there is no IPv6 here)`, implementation)
      else test(`${family}: ${title}`, implementation)
    }
    body(run, family, address)
  }
}
