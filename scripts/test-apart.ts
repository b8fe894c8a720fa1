/**
 * Runs specs that take minutes, or need what not every machine has, by the configuration that is
 * named like them: `network.config.js`, `overload.config.js`.
 *
 * usage: test-apart.js network|overload [--bounded] [what ava takes]
 *
 * `--bounded` tries less, in less than a minute: fewer faults, fewer doors, fewer clients.
 */
import { spawnSync } from 'node:child_process'

const [name, ...rest] = process.argv.slice(2)
const isBounded = rest.includes('--bounded')
const args = rest.filter((arg) => arg !== '--bounded')
const { status } = spawnSync('npx', ['ava', '--config', `${name}.config.js`, ...args], {
  env: { ...process.env, ...(isBounded ? { MIO_JS_BOUNDED: '1' } : {}) },
  shell: process.platform === 'win32',
  stdio: 'inherit',
})
process.exitCode = status ?? 1
