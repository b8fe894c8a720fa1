/** What it costs to write: collected and handed over together, or each write a call of its own. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { TcpStream } from 'mio-js'
import { native } from '#src/binding.js'
import { adopt } from '#src/engine/adopt.js'
import type { Connection } from '#src/engine/connection.js'
import type { Io } from '#src/engine/io.js'
import { Machine } from '#src/engine/machine.js'
import { engineFields } from '#src/engine/stats.js'
import { chooseWake } from '#src/wake.js'
import { table } from '../statistics.js'
import { Figures, nameOf, sizes } from './figures.js'

/** Connections that are written to in one turn. */
const receivers = 16
/** Turns in one round. */
const turns = 40

/** A server in a thread of its own that reads and forgets. */
export async function sink(): Promise<[Worker, number]> {
  const program = `
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => {}).resume()
    })
    server.listen(0, '127.0.0.1', () => {
      require('node:worker_threads').parentPort.postMessage(server.address().port)
    })`
  const worker = new Worker(program, { eval: true })
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  return [worker, port]
}

function pending(engine: Machine): number {
  const counters = new Float64Array(engineFields.length)
  native.engineStats(engine.handle, counters)
  return counters[engineFields.indexOf('pendingBytes')] ?? NaN
}

/** One write to each connection: collected, and handed over together. */
function together(connections: readonly Connection[], bytes: Buffer): void {
  const { out } = connections[0]!.lane
  // Else the large ones would cross alone.
  out.corks += 1
  for (const connection of connections) out.addBytes(connection, bytes)
  out.corks -= 1
  out.flush()
}

/** One write to each connection: each a call of its own. */
function alone(connections: readonly Connection[], bytes: Buffer): void {
  for (const { generation, index, lane } of connections) {
    const { handle } = lane.machine
    native.engineWrite(handle, lane.index, index >>> 0, generation >>> 0, bytes)
  }
}

/** Nanoseconds of CPU of the thread that runs this, for one write of many turns. */
async function costOf(engine: Machine, write: () => void): Promise<number> {
  const used = (): number =>
    Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0])
  const start = used()
  for (let turn = 0; turn < turns; turn += 1) {
    write()
    do await sleep(1)
    while (pending(engine) > 0)
  }
  return (used() - start) / turns / receivers
}

export async function writes(io: Io, port: number, rounds: number): Promise<string> {
  const engine = new Machine(io, chooseWake(), 1, Infinity)
  const connections = Array.from({ length: receivers }, () => {
    const stream = TcpStream.connect({ address: '127.0.0.1', port })
    while (!stream.finishConnect());
    return adopt(engine, stream.intoRawFd(), { maxPending: Infinity })
  })
  const figures = new Figures()
  for (let round = 0; round < rounds; round += 1) {
    for (const size of sizes) {
      const bytes = Buffer.alloc(size, 1)
      // Turns cost something without any write, too.
      const nothing = await costOf(engine, () => {})
      for (const write of [together, alone]) {
        const nanos = await costOf(engine, () => write(connections, bytes))
        figures.add(`${write.name} ${size}`, nanos - nothing)
      }
    }
  }
  await engine.close(() => {})
  const rows = sizes.map((size) => [
    nameOf(size),
    figures.show(`${together.name} ${size}`),
    figures.show(`${alone.name} ${size}`),
  ])
  return table([['write', 'handed over together, ns', 'each alone, ns'], ...rows])
}
