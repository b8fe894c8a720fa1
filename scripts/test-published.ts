/**
 * Installs a version that is published, as a user does, and runs a program with it: what the release
 * has made works on this machine. The registry may take a while to show a version, so it is asked
 * until it does.
 *
 * usage: npm run test:published -- VERSION     or the tag of one, such as v1.2.3
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { programs } from '../__test__/support/installed.js'

/** How often, and how long between two times, in milliseconds. */
const [attempts, pause] = [20, 15_000]

const version = process.argv[2]?.replace(/^v/, '')
if (version === undefined) {
  console.error('usage: npm run test:published -- VERSION')
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'mio-js-published-'))
const run = (command: string, args: readonly string[], shell = false): string | undefined => {
  const { status, stdout } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    shell,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return status === 0 ? stdout : undefined
}

/** Whether npm could install it, by now. */
async function install(): Promise<boolean> {
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `mio-js@${version}`]
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (run('npm', args, process.platform === 'win32') !== undefined) return true
    await setTimeout(pause)
  }
  return false
}

try {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  if (!(await install())) throw new Error(`mio-js ${version} cannot be installed`)
  for (const name of ['echo.mjs', 'echo.cjs', 'worker.mjs']) {
    writeFileSync(join(folder, name), programs[name] ?? '')
    const printed = run(process.execPath, [name])
    if (printed !== 'hello there\n') throw new Error(`${name} printed ${printed}`)
    console.log(`${name}: ${printed.trimEnd()}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
