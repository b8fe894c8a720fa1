import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { Interest, Receiver, Sender, pipe } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { NONBLOCK, fifo, flagsOf, pipes } from './support/pipes.js'
import { linux, unix } from './support/platforms.js'
import { closing, eventsFor, noEvent, pair, poller, watch } from './support/sockets.js'
import { statOf } from './support/raw.js'

const adopters = [
  (fd: number): Sender => Sender.fromRawFd(fd),
  (fd: number): Receiver => Receiver.fromRawFd(fd),
]

/** Asserts that the descriptor is not taken, and that it stays open. */
function isRefused(t: ExecutionContext, code: string, fd: number, adopt = adopters): void {
  for (const take of adopt) {
    throwsCode(t, code, () => {
      take(fd).close()
    })
  }
  t.notThrows(() => statOf(fd))
}

/** Opens something that is closed with the test. */
function opened(t: ExecutionContext, path: string, flags: string | number = 'r'): number {
  const fd = openSync(path, flags)
  t.teardown(() => {
    closeSync(fd)
  })
  return fd
}

unix('what is no descriptor is refused', (t) => {
  for (const adopt of adopters) {
    for (const fd of [-1, 2 ** 31, 2 ** 53, 1.5, NaN, Infinity]) {
      t.true(throwsCode(t, 'ERR_OUT_OF_RANGE', () => adopt(fd)) instanceof RangeError)
    }
    for (const fd of ['3', 3n, null, undefined, {}, Symbol('s')]) {
      t.true(throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => adopt(fd as number)) instanceof TypeError)
    }
    throwsCode(t, 'EBADF', () => adopt(2 ** 31 - 1))
    const fd = openSync(import.meta.filename, 'r')
    closeSync(fd)
    throwsCode(t, 'EBADF', () => adopt(fd))
  }
})

unix('a file, a directory, a device, a socket and a selector are no pipe', async (t) => {
  const [client] = await pair(t)
  const fds = [
    opened(t, import.meta.filename),
    opened(t, import.meta.dirname),
    opened(t, '/dev/null', 'r+'),
    client.intoRawFd(),
    poller(t).poll.asRawFd(),
  ]
  for (const fd of fds) isRefused(t, 'ERR_INVALID_FD_TYPE', fd)
  closeSync(fds[3]!)
})

unix('each end takes its own end alone, and a FIFO that is open for both is either', (t) => {
  const [sender, receiver] = pipe()
  const fds = [sender.intoRawFd(), receiver.intoRawFd()] as const
  isRefused(t, 'ERR_INVALID_FD_TYPE', fds[0], [adopters[1]!])
  isRefused(t, 'ERR_INVALID_FD_TYPE', fds[1], [adopters[0]!])
  closing(t, Sender.fromRawFd(fds[0]))
  closing(t, Receiver.fromRawFd(fds[1]))
  const path = fifo(t)
  for (const adopt of adopters) {
    closing(t, adopt(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)))
  }
})

unix('a descriptor that a source owns is refused, and the source works on', (t) => {
  const [sender, receiver] = pipes(t)
  for (const end of [sender, receiver]) isRefused(t, 'ERR_FD_OWNED', end.asRawFd())
  t.is(sender.write(Buffer.from('x')), 1)
  t.is(receiver.read(Buffer.alloc(8)), 1)
})

linux('modes stay as they were, and are shared with who else has the end (Linux)', (t) => {
  for (const nonblocking of [false, true]) {
    const [sender, receiver] = pipe()
    sender.setNonblocking(nonblocking)
    receiver.setNonblocking(nonblocking)
    const [out, input] = [sender.intoRawFd(), receiver.intoRawFd()]
    const before = [flagsOf(out), flagsOf(input)]
    const ends = [closing(t, Sender.fromRawFd(out)), closing(t, Receiver.fromRawFd(input))] as const
    t.deepEqual([flagsOf(out), flagsOf(input)], before)
    t.is(ends[0].write(Buffer.from('x')), 1)
    t.is(ends[1].read(Buffer.alloc(8)), 1)
    t.deepEqual([flagsOf(out), flagsOf(input)], before)
    ends[0].setNonblocking(!nonblocking)
    t.is(flagsOf(out) & NONBLOCK, nonblocking ? 0 : NONBLOCK)
  }
})

unix('a FIFO delivers what other programs write to it', async (t) => {
  const { poll, events } = poller(t)
  const path = fifo(t)
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const receiver = closing(t, Receiver.fromRawFd(reading))
  watch(poll, receiver, 1, Interest.READABLE)
  const out = opened(t, path, constants.O_WRONLY | constants.O_NONBLOCK)
  noEvent(t, poll, events)
  writeSync(out, 'hello')
  await eventsFor(t, poll, events, 1)
  const buffer = Buffer.alloc(8)
  t.is(receiver.read(buffer), 5)
  t.is(buffer.toString('latin1', 0, 5), 'hello')
  t.is(receiver.read(buffer), null)
})

unix('an end goes into a descriptor and back with what it holds', async (t) => {
  const { poll, events } = poller(t)
  const [sender, receiver] = pipes(t)
  watch(poll, receiver, 1, Interest.READABLE)
  sender.write(Buffer.from('kept'))
  const fd = receiver.intoRawFd()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => receiver.read(Buffer.alloc(1)))
  noEvent(t, poll, events)
  const again = closing(t, Receiver.fromRawFd(fd))
  watch(poll, again, 2, Interest.READABLE)
  await eventsFor(t, poll, events, 2)
  t.is(again.read(Buffer.alloc(8)), 4)
})

unix('closing a descriptor behind a pipe is an error of each use, and no crash', async (t) => {
  const { code, signal, stdout, stderr } = await run('pipe-closed')
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  const { codes, polled, works } = JSON.parse(stdout) as Record<string, unknown>
  const names = ['write', 'writeVectored', 'read', 'readVectored', 'setNonblocking']
  const registering = ['reregister', 'register', 'deregister']
  t.like(codes, Object.fromEntries([...names, ...registering].map((name) => [name, 'EBADF'])))
  t.is(polled, 0)
  t.true(works)
})
