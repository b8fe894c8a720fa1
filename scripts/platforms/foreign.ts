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

/** A script with a fixed name that runs a command. */
export function commandOf(name: string, command: readonly string[], setup = ''): string {
  const quoted = command.map((part) => `'${part.replaceAll("'", String.raw`'\''`)}'`)
  const file = join(scripts, name)
  write(file, `#!/bin/sh\n${setup}exec ${quoted.join(' ')} "$@"\n`)
  return file
}

/** A file that a runtime is to load first, so that it takes a script for its own file. */
export function execPathFile(name: string, script: string): string {
  const file = join(scripts, `${name}.cjs`)
  write(file, `process.execPath = process.argv[0] = ${JSON.stringify(script)}\n`)
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
