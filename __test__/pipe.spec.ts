import { readSync } from 'node:fs'
import { Interest, Receiver, Sender, pipe } from 'mio-js'
import { native } from '#src/binding.js'
import { handlePair } from '#src/handle-pair.js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { CLOEXEC, NONBLOCK, fill, flagsOf, pipes, readAll } from './support/pipes.js'
import { linux, unix, windows } from './support/platforms.js'
import { refusesAfterClose, refusesReceivers } from './support/receivers.js'
import { eventsFor, listener, noEvent, poller, watch } from './support/sockets.js'

unix('the sender comes first, and the receiver reads what it writes', (t) => {
  const [sender, receiver] = pipes(t)
  t.true(sender instanceof Sender)
  t.true(receiver instanceof Receiver)
  const buffer = Buffer.alloc(8)
  t.is(receiver.read(buffer), null)
  t.is(sender.write(Buffer.from('hello')), 5)
  sender.flush()
  t.is(sender.write(Buffer.from('-world-'), 1, 2), 2)
  t.is(receiver.read(buffer, 1), 7)
  t.is(buffer.toString(), '\0hellowo')
  t.is(receiver.read(buffer), null)
})

unix('vectored operations go on where one buffer ends', (t) => {
  const [sender, receiver] = pipes(t)
  t.is(sender.writeVectored([Buffer.from('he'), Buffer.alloc(0), Buffer.from('llo')]), 5)
  const [first, second] = [Buffer.alloc(1), Buffer.alloc(8)]
  t.is(receiver.readVectored([first, second]), 5)
  t.is(first.toString() + second.toString('latin1', 0, 4), 'hello')
  t.is(receiver.readVectored([first]), null)
  const view = new Uint8Array(4)
  const both = [view.subarray(0, 3), view.subarray(2)]
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => receiver.readVectored(both))
})

unix('an end that cannot be made takes the other with it', (t) => {
  const mine = new Error('mine')
  const handles: number[] = []
  const first = (handle: number): number => handles.push(handle)
  const second = (handle: number): never => {
    handles.push(handle)
    throw mine
  }
  t.is(
    t.throws(() => handlePair(native.pipe, 'pipe', first, second)),
    mine,
  )
  t.is(handles.length, 2)
  for (const handle of handles) t.true(native.sourceKind(handle) < 0)
})

linux('neither end blocks, and neither is inherited (Linux)', (t) => {
  for (const end of pipes(t)) {
    t.is(flagsOf(end.asRawFd()) & (NONBLOCK | CLOEXEC), NONBLOCK | CLOEXEC)
  }
})

unix('readiness of both ends is reported once, until an operation says not now', async (t) => {
  const { poll, events } = poller(t)
  const [sender, receiver] = pipes(t)
  watch(poll, sender, 1, Interest.WRITABLE)
  watch(poll, receiver, 2, Interest.READABLE)
  const [writable] = await eventsFor(t, poll, events, 1)
  t.true(writable?.isWritable())
  noEvent(t, poll, events)
  sender.write(Buffer.from('x'))
  const [readable] = await eventsFor(t, poll, events, 2)
  t.true(readable?.isReadable())
  t.false(readable?.isReadClosed())
  t.is(receiver.read(Buffer.alloc(8)), 1)
  t.is(receiver.read(Buffer.alloc(8)), null)
  sender.write(Buffer.from('y'))
  await eventsFor(t, poll, events, 2)
})

unix('a write of more than fits is taken in part, and the rest when there is room', async (t) => {
  const { poll, events } = poller(t)
  const [sender, receiver] = pipes(t)
  const bytes = Buffer.from(Array.from({ length: 65_537 }, (_, n) => n % 251))
  const written = sender.write(bytes)!
  t.true(written > 0 && written < bytes.length, `${written}`)
  t.is(sender.write(bytes, written), null)
  watch(poll, sender, 1, Interest.WRITABLE)
  noEvent(t, poll, events)
  const received = Buffer.alloc(bytes.length)
  t.is(receiver.read(received), written)
  await eventsFor(t, poll, events, 1)
  for (let sent = written; sent < bytes.length;) {
    const more = sender.write(bytes, sent)!
    t.is(receiver.read(received, sent), more)
    sent += more
  }
  t.deepEqual(received, bytes)
})

unix('all that fits into a pipe comes out of it, and then the end', async (t) => {
  const [sender, receiver] = pipes(t)
  const sent = fill(sender)
  sender.close()
  t.is((await readAll(receiver)).length, sent)
  t.is(receiver.read(Buffer.alloc(1)), 0)
})

unix(
  'when the sender is closed the receiver gets an event, what is left, and the end',
  async (t) => {
    const { poll, events } = poller(t)
    const [sender, receiver] = pipes(t)
    watch(poll, receiver, 1, Interest.READABLE)
    sender.write(Buffer.from('last'))
    await eventsFor(t, poll, events, 1)
    sender.close()
    const [event] = await eventsFor(t, poll, events, 1)
    t.true(event?.isReadable() || event?.isReadClosed())
    const buffer = Buffer.alloc(8)
    t.is(receiver.read(buffer), 4)
    t.is(receiver.read(buffer), 0)
    t.is(receiver.readVectored([buffer]), 0)
    noEvent(t, poll, events)
  },
)

unix('when the receiver is closed the sender gets an event and EPIPE, each time', async (t) => {
  const { poll, events } = poller(t)
  const [sender, receiver] = pipes(t)
  fill(sender)
  watch(poll, sender, 1, Interest.WRITABLE)
  noEvent(t, poll, events)
  receiver.close()
  await eventsFor(t, poll, events, 1)
  for (let n = 0; n < 2; n += 1) {
    t.like(
      throwsCode(t, 'EPIPE', () => sender.write(Buffer.from('x'))),
      { syscall: 'write' },
    )
    t.like(
      throwsCode(t, 'EPIPE', () => sender.writeVectored([Buffer.from('x')])),
      { syscall: 'writev' },
    )
  }
  t.is(sender.write(Buffer.alloc(0)), 0)
  noEvent(t, poll, events)
})

linux('setNonblocking changes the mode of one end (Linux)', (t) => {
  const [sender, receiver] = pipes(t)
  for (const nonblocking of [false, true, true, false]) {
    for (const end of [sender, receiver]) {
      end.setNonblocking(nonblocking)
      t.is(flagsOf(end.asRawFd()) & NONBLOCK, nonblocking ? NONBLOCK : 0)
      end.setNonblocking(true)
    }
  }
  for (const value of [0, 1, 'true', null, undefined, {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      sender.setNonblocking(value as never)
    })
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      receiver.setNonblocking(value as never)
    })
  }
})

unix('tryIo gives back what an operation on the descriptor does', (t) => {
  const [sender, receiver] = pipes(t)
  sender.write(Buffer.from('x'))
  const buffer = Buffer.alloc(1)
  t.is(
    receiver.tryIo(() => readSync(receiver.asRawFd(), buffer)),
    1,
  )
  t.is(
    sender.tryIo(() => null),
    null,
  )
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => sender.tryIo(1 as never))
  throwsCode(t, 'ERR_INVALID_THIS', () => Sender.prototype.tryIo.call(receiver, () => 1))
  throwsCode(t, 'ERR_INVALID_THIS', () => Receiver.prototype.tryIo.call(sender, () => 1))
})

unix('methods work on their own kind alone, and after close on none', (t) => {
  const { poll } = poller(t)
  const source = {
    register: [poll.registry, 1, Interest.READABLE],
    reregister: [poll.registry, 1, Interest.READABLE],
    deregister: [poll.registry],
    asRawFd: [],
    intoRawFd: [],
    setNonblocking: [true],
    tryIo: [() => 1],
  }
  const [buffer, server] = [Buffer.alloc(1), listener(t)]
  const [sender, receiver] = pipes(t)
  const senderCalls = {
    ...source,
    write: [buffer],
    writeVectored: [[buffer]],
    flush: [],
  }
  const receiverCalls = { ...source, read: [buffer], readVectored: [[buffer]] }
  refusesReceivers(t, sender as never, server, senderCalls)
  refusesReceivers(t, receiver as never, server, receiverCalls)
  throwsCode(t, 'ERR_INVALID_THIS', () => Receiver.prototype.read.call(sender as never, buffer))
  throwsCode(t, 'ERR_INVALID_THIS', () => Sender.prototype.write.call(receiver as never, buffer))
  sender.close()
  receiver.close()
  sender.close()
  receiver[Symbol.dispose]()
  refusesAfterClose(t, sender as never, senderCalls)
  refusesAfterClose(t, receiver as never, receiverCalls)
})

unix('a registered end that is closed leaves no event behind', async (t) => {
  const { poll, events } = poller(t)
  const [sender, receiver] = pipes(t)
  watch(poll, receiver, 1, Interest.READABLE)
  sender.write(Buffer.from('x'))
  const [event] = await eventsFor(t, poll, events, 1)
  receiver.close()
  t.true(event?.isStale())
  noEvent(t, poll, events)
})

unix('a pipe for which there are no descriptors is EMFILE, and takes none', async (t) => {
  const { code, stdout, stderr } = await run('pipe-exhausted')
  t.is(code, 0, stderr)
  t.is(stdout, 'EMFILE true\n')
})

windows('there are no pipes of Unix on Windows', (t) => {
  for (const operation of [() => pipe(), () => Sender.fromRawFd(0), () => Receiver.fromRawFd(0)]) {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', operation)
  }
})
