/**
 * Runs every test with a binary that is there, and builds none: what a release publishes is what was
 * tested.
 *
 * usage: npm run test:binary -- DIR     the folder has `mio-js.<platform>.node`
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { tuple } from '#src/platform.js'

const [directory] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: npm run test:binary -- DIR')
  process.exit(2)
}
const file = `mio-js.${tuple()}.node`
copyFileSync(join(directory, file), `${file}.new`)
renameSync(`${file}.new`, file)
const { status } = spawnSync(process.execPath, ['build/scripts/test.js'], { stdio: 'inherit' })
process.exitCode = status ?? 1
