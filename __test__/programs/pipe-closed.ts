/**
 * What happens when the descriptors of open pipes are closed behind their back: prints the code that
 * every method throws for numbers that nobody has, what a poll finds then, and whether the numbers
 * come back as those of another pipe, which the old one must not be mistaken for.
 */
import { closeSync } from 'node:fs'
import { Events, Interest, Poll, Token, pipe } from 'mio-js'

const [sender, receiver] = pipe()
const poll = new Poll()
const events = Events.withCapacity(4)
poll.registry.register(receiver, Token(1), Interest.READABLE)
sender.write(Buffer.from('x'))
const buffer = Buffer.alloc(8)
const methods: Record<string, () => unknown> = {
  write: () => sender.write(buffer),
  writeVectored: () => sender.writeVectored([buffer]),
  read: () => receiver.read(buffer),
  readVectored: () => receiver.readVectored([buffer]),
  setNonblocking: () => {
    receiver.setNonblocking(true)
  },
  reregister: () => {
    poll.registry.reregister(receiver, Token(1), Interest.READABLE)
  },
  register: () => {
    poll.registry.register(sender, Token(2), Interest.WRITABLE)
  },
  deregister: () => {
    poll.registry.deregister(receiver)
  },
}

for (const end of [sender, receiver]) closeSync(end.asRawFd())
const codes = Object.entries(methods).map(([name, method]) => {
  try {
    return [name, method()]
  } catch (error) {
    return [name, (error as NodeJS.ErrnoException).code]
  }
})
const polled = poll.poll(events, 0)
sender.close()
receiver.close()

const [next, input] = pipe()
poll.registry.register(input, Token(3), Interest.READABLE)
next.write(Buffer.from('y'))
const works = poll.poll(events, 10_000) === 1 && events.tokenAt(0) === 3 && input.read(buffer) === 1
for (const end of [next, input]) end.close()
poll.close()
console.log(JSON.stringify({ codes: Object.fromEntries(codes) as object, polled, works }))
