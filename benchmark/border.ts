/**
 * Where the borders lie that the engine draws by size: what it costs the JavaScript thread to get a
 * chunk, and to write one, in the ways that there are.
 *
 * This looks inside the engine, because programs cannot choose these ways: chunks from 32 KiB on
 * come in donated buffers (`LARGE` in crates/core/src/engine/reader.rs), and writes from 16 KiB on
 * cross alone (`large` in src/engine/submissions.ts).
 *
 * usage: border.js [--rounds 9]
 */
import { parseArgs } from 'node:util'
import { Io } from '#src/engine/io.js'
import { chunks } from './border/chunks.js'
import { sink, writes } from './border/writes.js'
import { describe, machine } from './machine.js'
import { numberOf } from './statistics.js'

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } })
const rounds = numberOf('--rounds', options.rounds)

console.log(describe(machine()))
console.log(`\n**A chunk**\n\n${await chunks(rounds)}`)
if (process.platform === 'linux') {
  const [worker, port] = await sink()
  console.log(`\n**A write, with an I/O thread**\n\n${await writes(Io.thread, port, rounds)}`)
  console.log(`\n**A write, inline**\n\n${await writes(Io.inline, port, rounds)}`)
  await worker.terminate()
} else {
  console.log('\nWrites are not measured here: only Linux tells what a thread uses.')
}
