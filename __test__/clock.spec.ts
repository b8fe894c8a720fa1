/** Time that passes, and time that does not. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import './support/census.js'
import { sendSignal } from './support/child.js'
import { drivers, soon } from './support/engine.js'
import { Peer } from './support/engine-peers.js'
import { unix } from './support/platforms.js'

interface Fared {
  told: Record<string, string[]>
  shortest: number
  waits: number
}

async function said<T>(child: ChildProcess): Promise<T> {
  const [message] = (await soon(once(child, 'message'), 'the program says something')) as [T]
  return message
}

/** A process of which some connections say nothing, and others while it is stopped. */
async function stopped(t: ExecutionContext, io: string): Promise<Fared> {
  const program = fileURLToPath(new URL('programs/stopped.js', import.meta.url))
  const child = fork(program, [io], { execArgv: [] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    sendSignal(child, 'SIGKILL')
    await exited
  })
  const { ports } = await said<{ ports: number[] }>(child)
  const peers = await Promise.all(ports.map(async (port) => Peer.connect(t, port)))
  const silent = await Promise.all(ports.map(async (port) => Peer.connect(t, port)))
  await Promise.all(peers.map(async (peer) => peer.echoes('busy  ')))
  await Promise.all(silent.map(async (peer) => peer.echoes('silent')))
  sendSignal(child, 'SIGSTOP')
  // Longer than any of its deadlines.
  await setTimeout(1000)
  for (const { socket } of peers) socket.write('x'.repeat(64))
  await setTimeout(1000)
  sendSignal(child, 'SIGCONT')
  await Promise.all(peers.map(async (peer) => peer.echoes('y'.repeat(64))))
  await soon(silent[0]!.ended, 'the silent one is closed')
  child.send('end')
  const fared = await said<Fared>(child)
  await exited
  return fared
}

unix('a process that was stopped takes nothing for silence that has arrived', async (t) => {
  await Promise.all(
    drivers.map(async (io) => {
      const { told, shortest, waits } = await stopped(t, io)
      t.deepEqual(
        told,
        {
          'engine busy  ': [],
          'engine silent': ['ERR_IDLE_TIMEOUT'],
          'net busy  ': [],
          'net silent': ['timeout'],
        },
        io,
      )
      // A wait that was stopped in the middle is over at once, and no further one is.
      t.true(shortest >= 99 && waits > 1, `${io}: ${shortest} ms, ${waits} waits`)
    }),
  )
})

/** All files below a folder. */
function* filesOf(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesOf(path)
    else yield path
  }
}

test('nothing here asks for the time of day, which jumps', (t) => {
  for (const folder of ['src', 'crates/core/src', 'crates/binding/src']) {
    for (const file of filesOf(folder)) {
      t.notRegex(readFileSync(file, 'utf8'), /Date\.now|new Date|SystemTime/, file)
    }
  }
})
