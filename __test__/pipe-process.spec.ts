/** Pipes between processes: standard streams of children, and descriptors beside them. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { Interest, type Receiver, type Sender } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { NONBLOCK, flagsOf, pipes, readAll } from './support/pipes.js'
import { linux, unix } from './support/platforms.js'
import { eventsFor, poller, watch } from './support/sockets.js'

const echo = fileURLToPath(new URL('programs/pipe-echo.js', import.meta.url))

/** Starts a program that is gone when the test ends, and closes what is its alone from now on. */
function start(
  t: ExecutionContext,
  command: readonly string[],
  stdio: readonly ('ignore' | 'inherit' | Sender | Receiver)[],
  options: { keep?: boolean } = {},
): { child: ChildProcess; exit: Promise<unknown[]> } {
  const ends = stdio.filter((entry) => typeof entry === 'object')
  const descriptors = stdio.map((entry) => (typeof entry === 'object' ? entry.asRawFd() : entry))
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, { stdio: descriptors as StdioOptions })
  const exit = once(child, 'exit')
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  if (options.keep !== true) for (const end of ends) end.close()
  return { child, exit }
}

/** A pipe to a child, and one from it; the child's ends block. */
function streams(t: ExecutionContext): Record<'input' | 'output', [Sender, Receiver]> {
  const [input, output] = [pipes(t), pipes(t)]
  input[1].setNonblocking(false)
  output[0].setNonblocking(false)
  return { input, output }
}

unix('a child reads from a sender and writes to a receiver, to the end', async (t) => {
  const { poll, events } = poller(t)
  const { input, output } = streams(t)
  const { exit } = start(t, ['cat'], [input[1], output[0], 'inherit'])
  const [sender, receiver] = [input[0], output[1]]
  watch(poll, sender, 1, Interest.WRITABLE)
  watch(poll, receiver, 2, Interest.READABLE)
  // More than both pipes and the buffers of the child hold.
  const bytes = Buffer.from(Array.from({ length: 2 ** 20 }, (_, n) => n % 251))
  const received = Buffer.alloc(bytes.length)
  let [sent, filled] = [0, 0]
  while (filled < bytes.length) {
    const written = sent < bytes.length ? sender.write(bytes, sent) : null
    const count = receiver.read(received, filled)
    if (written === null && count === null) {
      t.true((await poll.pollAsync(events, { timeout: 10_000 })) > 0)
    }
    sent += written ?? 0
    filled += count ?? 0
  }
  t.true(received.equals(bytes))
  sender.close()
  await eventsFor(t, poll, events, 2)
  t.is((await readAll(receiver)).length, 0)
  t.deepEqual(await exit, [0, null])
})

unix('a child that ends without reading makes EPIPE of the sender', async (t) => {
  const { poll, events } = poller(t)
  const [sender, receiver] = pipes(t)
  receiver.setNonblocking(false)
  while (sender.write(Buffer.alloc(64 * 1024)) !== null);
  watch(poll, sender, 1, Interest.WRITABLE)
  const { exit } = start(t, ['true'], [receiver, 'ignore', 'inherit'])
  await eventsFor(t, poll, events, 1)
  throwsCode(t, 'EPIPE', () => sender.write(Buffer.from('x')))
  t.deepEqual(await exit, [0, null])
})

unix('a child that is killed ends what the receiver reads', async (t) => {
  const { poll, events } = poller(t)
  const { input, output } = streams(t)
  const { child, exit } = start(t, ['cat'], [input[1], output[0], 'inherit'])
  watch(poll, output[1], 1, Interest.READABLE)
  input[0].write(Buffer.from('x'))
  await eventsFor(t, poll, events, 1)
  t.is(output[1].read(Buffer.alloc(8)), 1)
  t.is(output[1].read(Buffer.alloc(8)), null)
  child.kill('SIGKILL')
  await eventsFor(t, poll, events, 1)
  t.is(output[1].read(Buffer.alloc(8)), 0)
  t.deepEqual(await exit, [null, 'SIGKILL'])
})

unix('an end that somebody else has open keeps the other from ending', async (t) => {
  const [sender, receiver] = pipes(t)
  sender.setNonblocking(false)
  const { child, exit } = start(t, ['sleep', '60'], ['ignore', sender, 'inherit'])
  await once(child, 'spawn')
  t.is(receiver.read(Buffer.alloc(1)), null)
  child.kill('SIGKILL')
  await exit
  t.is((await readAll(receiver)).length, 0)
})

const modes = [
  { name: 'standard streams that block', fds: [0, 1], nonblocking: false },
  { name: 'other descriptors that block', fds: [3, 4], nonblocking: false },
  { name: 'other descriptors that do not block', fds: [3, 4], nonblocking: true },
] as const

for (const { name, fds, nonblocking } of modes) {
  linux(`a program that takes ${name} leaves them as they are (Linux)`, async (t) => {
    const { input, output } = streams(t)
    input[1].setNonblocking(nonblocking)
    output[0].setNonblocking(nonblocking)
    const ends = [input[1], output[0]] as const
    const before = ends.map((end) => flagsOf(end.asRawFd()))
    t.is(before[0]! & NONBLOCK, nonblocking ? NONBLOCK : 0)
    const stdio: ('ignore' | 'inherit' | Sender | Receiver)[] = ['ignore', 'ignore', 'inherit']
    stdio[fds[0]] = ends[0]
    stdio[fds[1]] = ends[1]
    // This process keeps its descriptors of the child's ends, so that it sees their modes.
    const command = [process.execPath, echo, String(fds[0]), String(fds[1])]
    const { exit } = start(t, command, stdio, { keep: true })
    input[0].write(Buffer.from('hello'))
    const { poll, events } = poller(t)
    watch(poll, output[1], 1, Interest.READABLE)
    await eventsFor(t, poll, events, 1)
    const buffer = Buffer.alloc(8)
    t.is(output[1].read(buffer), 5)
    t.is(buffer.toString('latin1', 0, 5), 'hello')
    const during = ends.map((end) => flagsOf(end.asRawFd()))
    input[0].close()
    t.deepEqual(await exit, [0, null])
    t.deepEqual(during, before)
    const after = ends.map((end) => flagsOf(end.asRawFd()))
    t.deepEqual(after, before)
  })
}

unix('what Node makes for "pipe" is a socket, and refused', async (t) => {
  const { stdout, code } = await run('pipe-echo', ['1', '1'])
  t.is(stdout, 'ERR_INVALID_FD_TYPE\n')
  t.is(code, 0)
})
