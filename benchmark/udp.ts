/**
 * CPU per datagram: a `UdpSocket` against `node:dgram`, receiving and echoing.
 *
 * Every server is started anew for each measurement, and repeats are interleaved, so that what else
 * the machine does hits all of them; ratios are made within one repeat. `--save` writes the raw
 * samples to `results/udp.json`. On Linux, load and server share one CPU; with `--cpu any` they have
 * all. The README says what either is good for.
 *
 * usage: udp.js [--repeats 5] [--seconds 1] [--sizes 64,1200] [--cpu 1,any] [--save] [--quick]
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describe, machine } from './machine.js'
import { native, Program } from './process.js'
import { rawSamples, show, spread, table } from './statistics.js'

interface Load {
  readonly units: number
  readonly unitsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
}

interface Sample extends Load {
  /** The number of the one CPU, or `any`. */
  readonly cpu: string
  readonly task: Task
  readonly server: string
  readonly size: number
  readonly repeat: number
  /** CPU per datagram in microseconds, where the system tells. */
  readonly mainMicros: number | null
  readonly processMicros: number | null
}

const tasks = ['receive', 'echo'] as const
type Task = (typeof tasks)[number]

/** What the JavaScript thread may cost per datagram, as a ratio to `node:dgram`. */
const goals: Record<Task, number> = { receive: 0.25, echo: 0.6 }

const baseline = 'node:dgram'
const headline = 'mio-js, many'

const { values: options } = parseArgs({
  options: {
    cpu: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    save: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '1' },
    sizes: { type: 'string', default: '64,1200' },
  },
})
const repeats = options.quick ? 1 : Number(options.repeats)
const seconds = options.quick ? '0.1' : options.seconds
const sizes = (options.quick ? '64' : options.sizes).split(',').map(Number)
/** From which the load comes. */
const sockets = 2

const udp = [process.execPath, 'build/benchmark/servers/udp.js']
const servers = new Map<string, (task: Task) => string[]>([
  [baseline, (task) => [process.execPath, 'build/benchmark/servers/dgram.js', task]],
  [headline, (task) => [...udp, task, 'many', 'async']],
  ['mio-js, many, blocking poll', (task) => [...udp, task, 'many', 'blocking']],
  ['mio-js, one by one', (task) => [...udp, task, 'single', 'async']],
])

interface Pin {
  /** The number of the one CPU, or `any`, also if the system does not do what was asked for. */
  readonly cpu: string
  readonly load: readonly string[]
  readonly server: readonly string[]
}

/** What starts the load, and a server so that it does not interrupt the load, on one CPU. */
function pinned(cpu: string): Pin {
  const load = ['taskset', '--cpu-list', cpu]
  const server = [...load, 'chrt', '--batch', '0']
  if (cpu !== 'any') {
    const [command = '', ...args] = server
    if (spawnSync(command, [...args, 'true']).status === 0) return { cpu, load, server }
    console.log(`on all CPUs: \`${server.join(' ')}\` does not work here`)
  }
  return { cpu: 'any', load: [], server: [] }
}

/**
 * How many datagrams of each socket are on their way at once: no more than fit in the server's queue,
 * by default 212,992 bytes on Linux, in which each takes a block of memory and its description.
 */
function windowOf(size: number): number {
  const block = 2 ** Math.ceil(Math.log2(size + 384)) + 256
  return Math.max(1, Math.min(64, Math.floor((0.9 * 212_992) / block / sockets)))
}

async function measure(
  server: readonly string[],
  task: Task,
  size: number,
  pin: Pin,
): Promise<Omit<Sample, 'cpu' | 'task' | 'server' | 'size' | 'repeat'>> {
  await using program = new Program({ command: [...pin.server, ...server] })
  const address = (await program.line()).replace('listening ', '')
  const load = { connections: sockets, window: windowOf(size), size, seconds, warmup: 0.2 }
  const flags = Object.entries(load).flatMap(([name, value]) => [`--${name}`, String(value)])
  if (task === 'receive') flags.push('--receive')
  const command = [...pin.load, native('udp'), address, ...flags]
  await using generator = new Program({ command })
  await generator.line()
  const before = program.cpu()
  generator.go()
  const { units, unitsPerSecond, p50Micros, p99Micros } = JSON.parse(await generator.line()) as Load
  const after = program.cpu()
  const perDatagram = (key: 'main' | 'process'): number | null =>
    before === null || after === null ? null : (after[key] - before[key]) / units
  return {
    units,
    unitsPerSecond,
    p50Micros,
    p99Micros,
    mainMicros: perDatagram('main'),
    processMicros: perDatagram('process'),
  }
}

function report(here: readonly Sample[]): string {
  const of = (server: string): Sample[] => here.filter((sample) => sample.server === server)
  const ratios = (mine: readonly Sample[], key: 'mainMicros' | 'processMicros'): number[] =>
    of(baseline).map((theirs, repeat) => (mine[repeat]?.[key] ?? NaN) / (theirs[key] ?? NaN))
  const rows = [...servers.keys()].map((server) => {
    const mine = of(server)
    return [
      server,
      show(spread(mine.map((sample) => sample.mainMicros ?? NaN))),
      show(spread(ratios(mine, 'mainMicros'))),
      show(spread(ratios(mine, 'processMicros'))),
      spread(mine.map((sample) => sample.unitsPerSecond)).median.toFixed(0),
    ]
  })
  const head = ['server', 'JS thread, µs', 'JS thread : dgram', 'process : dgram', 'datagrams/s']
  const [{ cpu, task, size }] = here as [Sample]
  const { median } = spread(ratios(of(headline), 'mainMicros'))
  const verdict = `${headline}: ${median.toFixed(2)} of node:dgram's JS thread`
  const goal =
    cpu === 'any' ? '' : `; goal ${goals[task]}: ${median <= goals[task] ? 'met' : 'missed'}`
  const title = `${task}, ${size} B, ${cpu === 'any' ? 'all CPUs' : 'one CPU'}`
  return `\n**${title}**\n\n${table([head, ...rows])}\n\n${verdict}${goal}`
}

const where = machine()
console.log(describe(where))
const samples: Sample[] = []
// If nothing can be pinned, all CPUs are measured once, not as often as one was asked for.
const pins = new Map<string, Pin>()
for (const cpu of options.cpu.split(',')) {
  const pin = pinned(cpu)
  pins.set(pin.cpu, pin)
}
for (const pin of pins.values()) {
  for (const size of sizes) {
    for (const task of tasks) {
      const here: Sample[] = []
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        for (const [server, command] of servers) {
          const sample = await measure(command(task), task, size, pin)
          here.push({ cpu: pin.cpu, task, server, size, repeat, ...sample })
        }
      }
      console.log(report(here))
      samples.push(...here)
    }
  }
}
if (options.save) writeFileSync('benchmark/results/udp.json', rawSamples(where, samples))
