/**
 * Globals that run code when they are looked at, during a blocking poll: the code would free the
 * memory that the events are written to.
 */
import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { Events, Poll, Token, Waker } from 'mio-js'
import { long } from '../support/patience.js'

const poll = new Poll()
const events = Events.withCapacity(1024)
const waker = new Waker(poll.registry, Token(1))
const worker = new Worker(new URL('late-waker.js', import.meta.url), { workerData: waker.share() })

let looks = 0
const { Object: Original } = globalThis
const prototype = Original.getPrototypeOf(globalThis) as object
const trap = new Proxy(prototype, {
  has(target, name) {
    looks += 1
    return Reflect.has(target, name)
  },
})
Original.setPrototypeOf(globalThis, trap)
Reflect.deleteProperty(globalThis, 'Object')
const before = looks
const count = poll.poll(events, long(5000))
const during = looks - before
globalThis.Object = Original
Original.setPrototypeOf(globalThis, prototype)
await worker.terminate()
writeSync(1, count === 1 && during === 0 ? 'done\n' : `${count} events, ${during} looks\n`)
