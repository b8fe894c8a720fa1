/**
 * What one call costs in JavaScript, next to the same call on mio in Rust.
 *
 * Samples of 128 calls, with what prepares them (filling and draining sockets) outside the clock;
 * the Rust program measures in the same way, see `native/src/bin/calls.rs`.
 *
 * usage: calls.js [--samples 2000]
 */
import { parseArgs } from 'node:util'
import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'
import { native } from '#src/binding.js'
import { describe, machine } from './machine.js'
import { native as program, Program } from './process.js'
import { spread, table } from './statistics.js'

const { values: options } = parseArgs({
  options: { samples: { type: 'string', default: '2000' } },
})
const samples = Number(options.samples)

const calls = 128
const size = 64
const rounds = 5

const listener = TcpListener.bind('127.0.0.1:0')

function pair(): [TcpStream, TcpStream] {
  const near = TcpStream.connect(listener.localAddr())
  let accepted = null
  while (accepted === null) accepted = listener.accept()
  while (!near.finishConnect());
  near.setNodelay(true)
  accepted[0].setNodelay(true)
  return [near, accepted[0]]
}

/** Median nanoseconds of one of `count` calls. */
function measure(count: number, prepare: () => void, call: () => void, runs = samples): number {
  const times = new Float64Array(runs)
  for (let sample = 0; sample < runs; sample += 1) {
    prepare()
    const start = process.hrtime.bigint()
    for (let n = 0; n < count; n += 1) call()
    times[sample] = Number(process.hrtime.bigint() - start) / count
  }
  return spread([...times]).median
}

const clock = measure(
  1,
  () => {},
  () => {},
)

const [near, far] = pair()
const bytes = Buffer.allocUnsafeSlow(size)
const many = Buffer.alloc(size * calls)
const sink = Buffer.allocUnsafeSlow(2 * size * calls)

/** Sends `many` to the stream that is read, and waits until all of it is there. */
function fill(): void {
  drain(near)
  far.write(many)
  while ((near.peek(sink) ?? 0) < many.length);
}

function drain(stream: TcpStream): void {
  while (stream.read(sink) !== null);
}

const sources = Array.from({ length: 64 }, pair)
const poll = new Poll()
const events = Events.withCapacity(1024)
for (const [index, [watched]] of sources.entries()) {
  poll.registry.register(watched, Token(index), Interest.READABLE)
}

/** Makes `count` sources ready, anew: a byte that arrives is an edge. */
function ready(count: number): void {
  for (const [watched, peer] of sources.slice(0, count)) {
    drain(watched)
    peer.write(bytes, 0, 1)
    while (watched.peek(sink) === null);
  }
}

function polled(count: number): number {
  let seen = 0
  const time = measure(
    1,
    () => {
      ready(count)
    },
    () => {
      seen += poll.poll(events, 0)
    },
  )
  if (seen !== count * samples) throw new Error(`${seen} events, not ${count * samples}`)
  return time - clock
}

function nothing(): void {}

const figures: Record<string, () => number> = {
  'no-op': () => measure(calls, nothing, native.noop),
  'read would block': () => {
    drain(near)
    return measure(calls, nothing, () => near.read(bytes))
  },
  'read 64 B': () => measure(calls, fill, () => near.read(bytes)),
  'write 64 B': () =>
    measure(
      calls,
      () => {
        drain(far)
      },
      () => near.write(bytes),
    ),
  'peek 64 B': () => measure(calls, fill, () => near.peek(bytes)),
  'poll 0 ready': () => polled(0),
  'poll 1 ready': () => polled(1),
  'poll 64 ready': () => polled(64),
}

async function inRust(): Promise<Record<string, number>> {
  await using rust = new Program({ command: [program('calls'), '--samples', options.samples] })
  return JSON.parse(await rust.line()) as Record<string, number>
}

console.log(describe(machine()))
const ours: Record<string, number[]> = {}
const theirs: Record<string, number[]> = {}
for (let round = 0; round < rounds; round += 1) {
  for (const [name, figure] of Object.entries(figures)) (ours[name] ??= []).push(figure())
  for (const [name, time] of Object.entries(await inRust())) (theirs[name] ??= []).push(time)
}
const rows = [['call', 'JavaScript, ns', 'Rust, ns', 'more, ns (range)']]
for (const name of Object.keys(figures)) {
  const mine = ours[name] ?? []
  const other = theirs[name]
  const more = spread(mine.map((time, round) => time - (other?.[round] ?? NaN)))
  rows.push([
    name,
    spread(mine).median.toFixed(0),
    other === undefined ? '' : spread(other).median.toFixed(0),
    other === undefined
      ? ''
      : `${more.median.toFixed(0)} (${more.min.toFixed(0)}–${more.max.toFixed(0)})`,
  ])
}
console.log(table(rows))
process.exit()
