/**
 * Packs what a user would install on this machine, as a release packs it: the package itself, and the
 * platform's package with the binary that was built last. Both tarballs go into the folder that is
 * named. Only the binary differs from a release's: it needs the glibc of this machine.
 *
 * usage: npm run pack:local -- DIR
 */
import { tuple } from '#src/platform.js'
import { packPlatform, packRoot } from './pack.js'
import { binaryName, targets } from './platform-packages.js'

const [directory] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: npm run pack:local -- DIR')
  process.exit(2)
}
const target = targets().find((one) => one.tuple === tuple())
if (target === undefined) throw new Error(`${tuple()} has no package`)
console.log(packPlatform(directory, target, binaryName(target)))
console.log(packRoot(directory))
