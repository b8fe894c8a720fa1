/** The ways to measure a server: under load, under `redis-benchmark`, and doing nothing. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, type Cpu, native, Program } from '../process.js'

/** What is measured of a server in one run. Micros are microseconds of CPU per unit. */
export interface Figures {
  readonly units: number
  readonly mainMicros: number
  readonly processMicros: number
  readonly unitsPerSecond?: number
  readonly p50Micros?: number
  readonly p99Micros?: number
  /** Bytes of memory that one connection adds: those that no file stands behind, and all of them. */
  readonly ownBytes?: number
  readonly rssBytes?: number
  /** Microseconds of CPU that the whole process uses in a second without work. */
  readonly idleMicros?: number
}

/** How long to measure, and how long to warm up before; in seconds. */
export interface Settings {
  readonly seconds: number
  readonly warmup: number
}

/** A generator of load: a program of `native/` and its arguments, and the CPU to run on. */
export interface Load {
  readonly program: string
  readonly connections: number
  readonly size: number
  readonly flags?: readonly string[]
  readonly pinned?: (command: Command) => Command
  /** Units that the program counts for one of ours. */
  readonly scale?: number
}

interface Report {
  readonly units: number
  readonly unitsPerSecond: number
  readonly p50Micros: number | null
  readonly p99Micros: number | null
}

/** Commands of each kind that `redis-benchmark` sends for every second that is to be measured. */
const REDIS_RATE = 200_000
/** How long a server may settle before its memory and CPU at rest are looked at. */
const SETTLE = 1000
/** Descriptors that a server needs for itself. */
const OWN_DESCRIPTORS = 200

export async function listening(server: Program): Promise<string> {
  const line = await server.line()
  const address = /\S+:\d+$/.exec(line)?.[0]
  if (address === undefined) throw new Error(`a server said ${line}`)
  return address
}

export function perUnit(units: number, before: Cpu | null, after: Cpu | null): Figures {
  const of = (key: keyof Cpu): number => ((after?.[key] ?? NaN) - (before?.[key] ?? NaN)) / units
  return { units, mainMicros: of('main'), processMicros: of('process') }
}

export async function underLoad(
  server: Command,
  { program, connections, size, flags = [], pinned = (command) => command, scale = 1 }: Load,
  { seconds, warmup }: Settings,
): Promise<Figures> {
  await using running = new Program(server)
  const address = await listening(running)
  const options = { connections, size, seconds, warmup }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const command = [native(program), address, ...args, ...flags]
  await using generator = new Program(pinned({ command }))
  await generator.line()
  const before = running.cpu()
  generator.go()
  const report = JSON.parse(await generator.line()) as Report
  const after = running.cpu()
  return {
    ...perUnit(report.units / scale, before, after),
    unitsPerSecond: report.unitsPerSecond / scale,
    ...(report.p50Micros === null ? {} : { p50Micros: report.p50Micros }),
    ...(report.p99Micros === null ? {} : { p99Micros: report.p99Micros }),
  }
}

/** `redis-benchmark` counts commands and not time, so that is what bounds it here. */
export async function underRedisBenchmark(
  server: Command,
  { seconds, warmup }: Settings,
): Promise<Figures> {
  await using running = new Program(server)
  const port = (await listening(running)).split(':').at(-1) ?? ''
  const run = async (length: number): Promise<{ units: number; seconds: number }> => {
    const count = Math.ceil(length * REDIS_RATE)
    const args = ['-h', '127.0.0.1', '-p', port, '-c', '50', '-P', '16', '-n', String(count)]
    const command = ['redis-benchmark', ...args, '-t', 'get,set', '--csv']
    await using client = new Program({ command })
    const rates = (await client.rest())
      .map((line) => /^"(?:GET|SET)","([\d.]+)"/.exec(line)?.[1])
      .filter((rate) => rate !== undefined)
    if (rates.length !== 2) throw new Error('redis-benchmark did not report GET and SET')
    const total = rates.reduce((sum, rate) => sum + count / Number(rate), 0)
    return { units: 2 * count, seconds: total }
  }
  await run(warmup)
  const before = running.cpu()
  const done = await run(seconds)
  const after = running.cpu()
  return { ...perUnit(done.units, before, after), unitsPerSecond: done.units / done.seconds }
}

/** As many of `wanted` connections as this process, and so each that it starts, may have open. */
export function affordable(wanted: number): number {
  if (process.platform !== 'linux') return wanted
  // Node has raised the soft limit to the hard one when it started, and programs inherit that.
  const limits = readFileSync('/proc/self/limits', 'latin1')
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
  return Math.max(1, Math.min(wanted, files - OWN_DESCRIPTORS))
}

/** CPU per unit is what it costs to take a connection on; then they all rest. */
export async function atRest(
  server: Command,
  connections: number,
  { seconds }: Settings,
): Promise<Figures> {
  await using running = new Program(server)
  const address = await listening(running)
  const command = [native('idle'), address, '--connections', String(connections)]
  await using generator = new Program({ command })
  await generator.line()
  await sleep(SETTLE)
  const empty = running.memory()
  const before = running.cpu()
  generator.go()
  await generator.line()
  const taken = perUnit(connections, before, running.cpu())
  await sleep(SETTLE)
  const full = running.memory()
  const each = (of: 'all' | 'own'): number =>
    ((full?.[of] ?? NaN) - (empty?.[of] ?? NaN)) / connections
  const start = running.cpu()
  await sleep(seconds * 1000)
  const end = running.cpu()
  generator.go()
  if ((await generator.line()) !== 'held') throw new Error('connections were lost at rest')
  const idle = perUnit(seconds, start, end)
  const idleMicros = idle.processMicros
  return { ...taken, ownBytes: each('own'), rssBytes: each('all'), idleMicros }
}
