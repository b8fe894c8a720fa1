/**
 * Checks binaries as a release does: what they need of the system, the oldest one that has it, size.
 *
 * usage: npm run inspect -- mio-js.PLATFORM.node…
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { problemsOf } from './inspection.js'
import { targets } from './platform-packages.js'

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('usage: npm run inspect -- mio-js.PLATFORM.node…')
  process.exit(2)
}
for (const file of files) {
  const tuple = basename(file).split('.').at(-2)
  const target = targets().find((one) => one.tuple === tuple)
  const problems =
    target === undefined ? ['is for no platform'] : problemsOf(readFileSync(file), target)
  for (const problem of problems) console.error(`${file}: ${problem}`)
  if (problems.length === 0) console.log(`${file}: as it should be`)
  else process.exitCode = 1
}
