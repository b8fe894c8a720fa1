/**
 * Checks that what docs/faults.md names has run: the tests of each command of whose output a file is
 * given. `npm test` does the same for its own.
 *
 * usage: npm run check:faults -- LOG…
 */
import { readFileSync } from 'node:fs'
import { missingIn, readTable, sectionsOf } from './faults-table.js'

const logs = process.argv.slice(2)
if (logs.length === 0) throw new Error('usage: npm run check:faults -- LOG…')
const sections = sectionsOf(logs.map((log) => readFileSync(log, 'utf8')).join('\n'))
const { asked, missing } = missingIn(readTable(), sections)
console.log(`${asked.length} tests are named, ${asked.length - missing.length} ran`)
for (const { command, file, title = '' } of missing) {
  console.log(`npm run ${command} has not run: ${file} ${title}`)
}
process.exitCode = missing.length === 0 ? 0 : 1
