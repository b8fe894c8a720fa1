#!/usr/bin/env node
/** `npx mio-js`: what an installation is worth on this machine. See docs/operations.md. */
import { version } from '../version.ts'
import { Misused } from './arguments.ts'

const usage = `usage: mio-js doctor [--json]
       mio-js bench [--repeats N] [--seconds N] [--connections N] [--size BYTES] [--json]
       mio-js --version

doctor  says what this machine and process are, and tries every door on the loopback
bench   compares an echo server on node:net with the same on mio-js, here and now
`

// Loaded when it is wanted: where there is no binary, the doctor must still be able to say so.
const commands: Record<string, (args: string[]) => Promise<number>> = {
  doctor: async (args) => (await import('./doctor.ts')).doctor(args),
  bench: async (args) => (await import('./bench.ts')).bench(args),
}

async function main([name = '', ...args]: string[]): Promise<number> {
  if (name === '--version') {
    console.log(version)
    return 0
  }
  if (name === '--help' || args.includes('--help')) {
    process.stdout.write(usage)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    process.stderr.write(name === '' ? usage : `mio-js: there is no command ${name}\n\n${usage}`)
    return 2
  }
  try {
    return await command(args)
  } catch (error) {
    if (!(error instanceof Misused)) throw error
    process.stderr.write(`mio-js: ${error.message}\n\n${usage}`)
    return 2
  }
}

process.exitCode = await main(process.argv.slice(2))
// A trial that hangs must not keep the process.
setTimeout(() => process.exit(), 1000).unref()
