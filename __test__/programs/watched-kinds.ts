/**
 * Watches descriptors of many kinds, which were inherited: their numbers are the arguments. Prints,
 * for each, how many events came before it was ready, then, and when it stayed ready; and what was
 * read.
 */
import { readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Events, Interest, Poll, SourceFd, Token } from 'mio-js'

const [directory, ...numbers] = process.argv.slice(2) as [string, ...string[]]
const [eventfd, timerfd, inotify, master, slave] = numbers.map(Number) as [
  number,
  number,
  number,
  number,
  number,
]

const kinds: Record<string, { fd: number; trigger: () => void }> = {
  eventfd: {
    fd: eventfd,
    trigger: () => writeSync(eventfd, Buffer.from([3, 0, 0, 0, 0, 0, 0, 0])),
  },
  // It goes off by itself, and has before it is watched or not.
  timerfd: { fd: timerfd, trigger: () => {} },
  inotify: { fd: inotify, trigger: () => writeFileSync(join(directory, 'file'), '') },
  terminal: { fd: slave, trigger: () => writeSync(master, 'line\n') },
}

const poll = new Poll()
const events = Events.withCapacity(16)
const outcomes: Record<string, object> = {}
for (const [kind, { fd, trigger }] of Object.entries(kinds)) {
  const source = new SourceFd(fd)
  poll.registry.register(source, Token(1), Interest.READABLE)
  const before = kind === 'timerfd' ? 0 : poll.poll(events, 20)
  trigger()
  const count = poll.poll(events, 10_000)
  const isReadable = [...events].every((event) => event.isReadable() && event.token === 1)
  // Edge-triggered: it stays ready, and that is no news.
  const still = poll.poll(events, 50)
  const bytes = readSync(fd, Buffer.alloc(256))
  let code: unknown
  try {
    readSync(fd, Buffer.alloc(256))
  } catch (error) {
    ;({ code } = error as NodeJS.ErrnoException)
  }
  const after = poll.poll(events, 20)
  source.close()
  outcomes[kind] = { before, count, isReadable, still, bytes: bytes > 0, code, after }
}
poll.close()
console.log(JSON.stringify(outcomes))
