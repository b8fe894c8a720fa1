import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { Interest, type Poll, SourceFd, TcpListener, TcpStream, Waker, Token, pipe } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { fifo, pipes } from './support/pipes.js'
import { linux, unix, windows } from './support/platforms.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  poller,
  readExactly,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'
import { statOf } from './support/raw.js'

/** A FIFO that is open for both directions, by a descriptor that nobody closes but the test. */
function openFifo(t: ExecutionContext): number {
  return openSync(fifo(t), constants.O_RDWR | constants.O_NONBLOCK)
}

/** Makes sources until one has this number, which was free a moment ago. */
async function takeNumber<T extends { asRawFd: () => number; close: () => void }>(
  t: ExecutionContext,
  fd: number,
  make: () => T,
): Promise<T> {
  let source: T | undefined
  await until('the number comes back', () => {
    const made = make()
    if (made.asRawFd() === fd) source = made
    else t.teardown(() => made.close())
    return source !== undefined
  })
  return closing(t, source!)
}

unix('a descriptor of somebody else is watched, and stays open', async (t) => {
  const { poll, events } = poller(t)
  const fd = openFifo(t)
  const source = new SourceFd(fd)
  t.is(source.asRawFd(), fd)
  watch(poll, source, 1, Interest.READABLE)
  noEvent(t, poll, events)
  writeSync(fd, 'x')
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event?.isReadable())
  noEvent(t, poll, events)
  t.is(readSync(fd, Buffer.alloc(8)), 1)
  throwsCode(t, 'EAGAIN', () => readSync(fd, Buffer.alloc(8)))
  writeSync(fd, 'y')
  await eventsFor(t, poll, events, 1)
  poll.registry.reregister(source, Token(2), Interest.WRITABLE)
  await eventsFor(t, poll, events, 2)
  source.close()
  source.close()
  t.true(event?.isStale())
  writeSync(fd, 'z')
  noEvent(t, poll, events)
  t.is(readSync(fd, Buffer.alloc(8)), 2)
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => source.asRawFd())
  closeSync(fd)
})

unix('a Poll is watched by another, and says when it has events', async (t) => {
  const [outer, inner] = [poller(t), poller(t)]
  const [sender, receiver] = pipes(t)
  watch(inner.poll, receiver, 1, Interest.READABLE)
  const source = closing(t, new SourceFd(inner.poll.asRawFd()))
  watch(outer.poll, source, 7, Interest.READABLE)
  noEvent(t, outer.poll, outer.events)
  for (let n = 0; n < 2; n += 1) {
    sender.write(Buffer.from('x'))
    await eventsFor(t, outer.poll, outer.events, 7)
    t.is(inner.poll.poll(inner.events, 0), 1)
    t.is(receiver.read(Buffer.alloc(8)), 1)
    noEvent(t, outer.poll, outer.events)
  }
  using waker = new Waker(inner.poll.registry, Token(2))
  waker.wake()
  await eventsFor(t, outer.poll, outer.events, 7)
})

unix('a regular file and a directory are refused, and stay open', (t) => {
  for (const path of [import.meta.filename, import.meta.dirname]) {
    const fd = openSync(path, 'r')
    const error = throwsCode(t, 'ERR_INVALID_FD_TYPE', () => new SourceFd(fd))
    t.true(error instanceof TypeError)
    t.regex(error.message, /file or a directory/)
    t.notThrows(() => statOf(fd))
    closeSync(fd)
    throwsCode(t, 'EBADF', () => new SourceFd(fd))
  }
})

unix('what is no descriptor is refused', (t) => {
  for (const fd of [-1, -(2 ** 31), 2 ** 31 - 1]) throwsCode(t, 'EBADF', () => new SourceFd(fd))
  for (const fd of [2 ** 31, -(2 ** 31) - 1, 2 ** 53, 0.5, NaN, Infinity]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => new SourceFd(fd))
  }
  for (const fd of ['3', 3n, null, undefined, {}, [3], Symbol('s'), true]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => new SourceFd(fd as number))
  }
  t.throws(() => Reflect.apply(SourceFd as never, undefined, [0]) as never, {
    instanceOf: TypeError,
  })
})

linux('what epoll refuses is registered nowhere, and the Poll goes on (Linux)', async (t) => {
  const { poll, events } = poller(t)
  const fd = openSync('/dev/null', 'r+')
  const source = closing(t, new SourceFd(fd))
  for (let n = 0; n < 2; n += 1) {
    t.like(
      throwsCode(t, 'EPERM', () => {
        watch(poll, source, 1)
      }),
      { syscall: 'register' },
    )
    throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      poll.registry.deregister(source)
    })
  }
  const [sender, receiver] = pipes(t)
  watch(poll, receiver, 1, Interest.READABLE)
  sender.write(Buffer.from('x'))
  await eventsFor(t, poll, events, 1)
  closeSync(fd)
})

unix('a Poll takes a descriptor once, whoever brings it', async (t) => {
  const [{ poll, events }, other] = [poller(t), poller(t)]
  const [client, server] = await pair(t)
  const first = closing(t, new SourceFd(client.asRawFd()))
  const second = closing(t, new SourceFd(client.asRawFd()))
  const sources = [first, second, client]
  for (const registered of sources) {
    watch(poll, registered, 1, Interest.READABLE)
    for (const source of sources) {
      throwsCode(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
        watch(poll, source, 2, Interest.WRITABLE)
      })
    }
    const elsewhere = sources.find((source) => source !== registered)!
    watch(other.poll, elsewhere, 3, Interest.READABLE)
    server.write(Buffer.from('x'))
    await eventsFor(t, poll, events, 1)
    await eventsFor(t, other.poll, other.events, 3)
    other.poll.registry.deregister(elsewhere)
    poll.registry.deregister(registered)
    await readExactly(client, 1)
  }
  noEvent(t, poll, events)
})

unix('what is registered is neither twice nor elsewhere', (t) => {
  const [{ poll }, other] = [poller(t), poller(t)]
  const fd = openFifo(t)
  const source = closing(t, new SourceFd(fd))
  throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
    poll.registry.reregister(source, Token(1), Interest.READABLE)
  })
  watch(poll, source, 1)
  throwsCode(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
    watch(other.poll, source, 1)
  })
  throwsCode(t, 'ERR_SOURCE_REGISTERED_ELSEWHERE', () => {
    other.poll.registry.reregister(source, Token(1), Interest.READABLE)
  })
  throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
    other.poll.registry.deregister(source)
  })
  poll.registry.deregister(source)
  watch(other.poll, source, 1)
  other.poll.close()
  watch(poll, source, 1)
  closeSync(fd)
})

/** Ways in which a number comes to a socket of this package. */
const makers: Record<string, (t: ExecutionContext) => Promise<() => TcpListener | TcpStream>> = {
  bound: async () => () => TcpListener.bind('127.0.0.1:0'),
  connected: async (t) => {
    const server = listener(t)
    return () => TcpStream.connect(server.localAddr())
  },
  accepted: async (t) => {
    const server = listener(t)
    const clients = [1, 2, 3].map(() => closing(t, TcpStream.connect(server.localAddr())))
    await until('they wait', () => clients.every((client) => client.finishConnect()))
    return () => server.accept()![0]
  },
}

for (const [way, maker] of Object.entries(makers)) {
  unix(`a number that comes back as a socket that is ${way} is not the old one's`, async (t) => {
    const { poll, events } = poller(t)
    const fd = openFifo(t)
    const stale = closing(t, new SourceFd(fd))
    watch(poll, stale, 1, Interest.READABLE)
    const make = await maker(t)
    closeSync(fd)
    const source = await takeNumber(t, fd, make)
    watch(poll, source, 2)
    isLeftAlone(t, poll, stale)
    if (source instanceof TcpListener) {
      closing(t, TcpStream.connect(source.localAddr()))
      await eventsFor(t, poll, events, 2)
      closing(t, await acceptOne(source))
    }
    if (source instanceof TcpStream) await eventsFor(t, poll, events, 2)
    stale.close()
    poll.registry.reregister(source, Token(3), Interest.WRITABLE)
    if (source instanceof TcpStream) await eventsFor(t, poll, events, 3)
  })
}

/** Asserts that a source that has lost its number cannot reach what has it now. */
function isLeftAlone(t: ExecutionContext, poll: Poll, stale: SourceFd): void {
  throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
    poll.registry.reregister(stale, Token(9), Interest.WRITABLE)
  })
  throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
    poll.registry.deregister(stale)
  })
}

unix(
  'a number that comes back as a pipe keeps its events when the old source closes',
  async (t) => {
    const { poll, events } = poller(t)
    const fd = openFifo(t)
    const stale = closing(t, new SourceFd(fd))
    watch(poll, stale, 1, Interest.READABLE)
    closeSync(fd)
    let ends = pipe()
    await until('the number comes back', () => {
      const isBack = ends[1].asRawFd() === fd
      if (!isBack) {
        for (const end of ends) t.teardown(() => end.close())
        ends = pipe()
      }
      return isBack
    })
    const [sender, receiver] = ends
    closing(t, sender)
    closing(t, receiver)
    watch(poll, receiver, 2, Interest.READABLE)
    stale.close()
    sender.write(Buffer.from('x'))
    await eventsFor(t, poll, events, 2)
    t.is(receiver.read(Buffer.alloc(8)), 1)
  },
)

unix('a descriptor that is closed and watched no more is EBADF', async (t) => {
  const { poll, events } = poller(t)
  const fd = openFifo(t)
  const source = closing(t, new SourceFd(fd))
  closeSync(fd)
  throwsCode(t, 'EBADF', () => {
    watch(poll, source, 1)
  })
  noEvent(t, poll, events)
})

unix('a socket of this package is adopted from the descriptor that is watched', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  const fd = client.intoRawFd()
  const source = closing(t, new SourceFd(fd))
  watch(poll, source, 1, Interest.READABLE)
  const again = closing(t, TcpStream.fromRawFd(fd))
  throwsCode(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
    watch(poll, again, 2)
  })
  t.is(source.intoRawFd(), fd)
  watch(poll, again, 2, Interest.READABLE)
  server.write(Buffer.from('x'))
  await eventsFor(t, poll, events, 2)
})

windows('there are no descriptors on Windows', (t) => {
  throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => new SourceFd(0))
})
