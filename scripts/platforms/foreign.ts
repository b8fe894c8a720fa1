/**
 * Runtimes that the system does not start by themselves: for another processor, or with a C library
 * that is not this machine's.
 *
 * Tests start programs by `process.execPath`, which would be the file for the other processor, or the
 * loader. A kernel can be told what to do with such files (binfmt_misc), but only by root, and for
 * all of the machine. So there is a script that starts the runtime, and each process of it is told to
 * take that script for its own file.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath } from '../cache.js'

const scripts = cachePath('platforms', 'commands')

/** How a runtime is told by its environment to load a file first. */
const preloads = {
  NODE_OPTIONS: '--require=',
  BUN_OPTIONS: '--preload=',
} as const

/** A script with a fixed name that runs a command, whatever environment a test gives it. */
export function commandOf(
  name: string,
  command: readonly string[],
  variable: keyof typeof preloads = 'NODE_OPTIONS',
): string {
  const quoted = command.map((part) => `'${part.replaceAll("'", String.raw`'\''`)}'`)
  const file = join(scripts, name)
  const preload = `${file}.cjs`
  write(preload, `process.execPath = process.argv[0] = ${JSON.stringify(file)}\n`)
  const lines = [
    '#!/bin/sh',
    `case "$${variable}" in`,
    `*'${preload}'*) ;;`,
    `*) export ${variable}="${preloads[variable]}${preload} $${variable}" ;;`,
    'esac',
    `exec ${quoted.join(' ')} "$@"`,
  ]
  write(file, `${lines.join('\n')}\n`)
  return file
}

/** By a rename: somebody may be running it. */
function write(file: string, contents: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === contents) return
  mkdirSync(scripts, { recursive: true })
  const stage = `${file}.${process.pid}`
  writeFileSync(stage, contents)
  chmodSync(stage, 0o755)
  renameSync(stage, file)
}
