/** A few peers that behave badly next to a hundred that do not. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import type { Engine, Handlers, Socket } from 'mio-js/engine'
import '../support/census.js'
import { soon, underEachDriver } from '../support/engine.js'

/**
 * Milliseconds of each measurement, and how many there are with and without the bad ones. The bad
 * ones are programs, too, and take a processor away: on a machine that has few of them, and other
 * tests to run, it may need more rounds until one shows what is the engine's own doing.
 */
const duration = 150
const [minRounds, maxRounds] = [3, 10]
/** Milliseconds. */
const slack = 10

interface Latency {
  p50: number
  p99: number
  count: number
}

/** A hundred connections in a process of their own. */
async function behaved(t: ExecutionContext, port: number): Promise<() => Promise<Latency>> {
  const program = fileURLToPath(new URL('../programs/engine-overload.js', import.meta.url))
  const child: ChildProcess = fork(program, [port, 100, duration].map(String), { execArgv: [] })
  t.teardown(async () => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  await soon(once(child, 'message'), 'the well-behaved are connected')
  return async () => {
    child.send('begin')
    const [latency] = (await soon(once(child, 'message'), 'a measurement')) as [Latency]
    return latency
  }
}

async function bad(port: number): Promise<Worker> {
  const program = new URL('../programs/engine-bad-peers.js', import.meta.url)
  const worker = new Worker(program, { workerData: { port } })
  await soon(once(worker, 'message'), 'the bad ones are there')
  return worker
}

/** How late a timer of 10 ms comes, each time. */
function lags(t: ExecutionContext): { read: () => { median: number; max: number } } {
  let due = performance.now() + 10
  let all: number[] = []
  const timer = setInterval(() => {
    const now = performance.now()
    all.push(Math.max(0, now - due))
    due = now + 10
  }, 10)
  t.teardown(() => {
    clearInterval(timer)
  })
  return {
    read() {
      const sorted = all.toSorted((a, b) => a - b)
      all = []
      return { median: sorted[sorted.length >> 1] ?? Infinity, max: sorted.at(-1) ?? Infinity }
    },
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
}

function best(numbers: readonly number[]): number {
  return Math.min(...numbers)
}

/** Echoes to those who read, as a program does that heeds `write`. */
const echoing: Handlers<unknown> = {
  data(socket, chunk) {
    if (!socket.write(chunk)) socket.pause()
  },
  drain: (socket) => socket.resume(),
}

function buffered(sockets: ReadonlySet<Socket<unknown>>): number {
  let sum = 0
  for (const socket of sockets) sum += socket.bufferedAmount
  return sum
}

async function compare(t: ExecutionContext, engine: Engine, broadcasts: boolean): Promise<void> {
  const sockets = new Set<Socket<unknown>>()
  const server = engine.listen<unknown>({
    hostname: '127.0.0.1',
    allowHalfOpen: true,
    socket: {
      ...echoing,
      open: (socket) => sockets.add(socket),
      close: (socket) => sockets.delete(socket),
    },
  })
  const measure = await behaved(t, server.port!)
  await measure()
  const timer = lags(t)
  const ratios: number[] = []
  const medians: number[] = []
  const maxima: number[] = []
  const before = process.memoryUsage().rss
  let peak = 0
  const well = new Set(sockets)
  for (let round = 0; round < minRounds || (round < maxRounds && best(ratios) > 2); round += 1) {
    const without = await measure()
    const worker = await bad(server.port!)
    const watching = setInterval(() => {
      peak = Math.max(peak, buffered(sockets))
      const isBad = (socket: Socket<unknown>): boolean => !well.has(socket)
      if (broadcasts) server.broadcast(Buffer.alloc(16 * 1024), isBad)
    }, 2)
    timer.read()
    const within = await measure()
    const { median: lag, max } = timer.read()
    clearInterval(watching)
    await worker.terminate()
    // A few milliseconds are the processor's, which the bad peers use as well on a small machine.
    ratios.push(Math.max(within.p99 - slack, 0) / without.p99)
    medians.push(lag)
    maxima.push(max)
    t.log({ without, within, lag, max })
  }
  t.true(best(ratios) <= 2, `p99 with the bad ones, as a multiple: ${ratios.join(', ')}`)
  t.true(median(medians) < 20, `lag of a timer: ${medians.join(', ')}`)
  t.true(best(maxima) < 60, `worst lag of a timer: ${maxima.join(', ')}`)
  // Each of the four may have its maxPending, and the write that goes beyond it.
  t.true(peak < 4 * (2 ** 20 + 256 * 1024), `${peak} bytes buffered`)
  const grown = process.memoryUsage().rss - before
  t.true(grown < 150 * 2 ** 20, `${grown} bytes more`)
  t.is(well.size, 100)
  t.true(
    [...well].every((socket) => sockets.has(socket)),
    'none of the hundred was closed',
  )
}

underEachDriver('bad peers next to a hundred well-behaved ones: echo', async (t, make) =>
  compare(t, make(), false),
)

underEachDriver('bad peers next to a hundred well-behaved ones: broadcast', async (t, make) =>
  compare(t, make(), true),
)
