/** `mio-js bench`: an echo server on `node:net` against the same on `mio-js`, on this machine. */
import { type ChildProcess, fork } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, here } from '../platform.ts'
import { numberOf, optionsOf } from './arguments.ts'
import { type Load, load } from './bench/load.ts'
import type { Clocks, Said } from './bench/server.ts'
import { isTelling, ratios, show, spread } from './spread.ts'
import { type Style, styleOf } from './terminal.ts'

const baseline = 'node:net'
const names = [baseline, 'mio-js/net', 'mio-js/engine']

/** One measurement; what is CPU, in microseconds for each message. */
export interface Sample {
  readonly server: string
  readonly repeat: number
  readonly messages: number
  readonly perSecond: number
  readonly thread: number
  readonly process: number
}

type Figure = 'thread' | 'process' | 'perSecond'

/** A server in a process of its own. */
class Server implements Disposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #said: Said[] = []
  #wake: () => void = () => {}
  #isOver = false

  constructor(name: string) {
    this.name = name
    const program = fileURLToPath(new URL('bench/server.js', import.meta.url))
    this.#child = fork(program, [name], { execArgv: [] })
    this.#child.on('message', (said) => {
      this.#said.push(said as Said)
      this.#wake()
    })
    this.#child.once('exit', () => {
      this.#isOver = true
      this.#wake()
    })
  }

  async #next(): Promise<Said> {
    for (;;) {
      const said = this.#said.shift()
      if (said !== undefined) return said
      if (this.#isOver) throw new Error(`the server on ${this.name} has ended`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async port(): Promise<number> {
    return ((await this.#next()) as { port: number }).port
  }

  async clocks(): Promise<Clocks> {
    this.#child.send('clocks')
    return (await this.#next()) as Clocks
  }

  [Symbol.dispose](): void {
    this.#child.kill()
  }
}

/** Measures, and draws the figures. Returns the exit code. */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { json, ...given } = optionsOf(args, {
    json: { type: 'boolean', default: false },
    connections: { ...text, default: '64' },
    repeats: { ...text, default: '5' },
    seconds: { ...text, default: '0.6' },
    size: { ...text, default: '64' },
  })
  const repeats = Math.round(numberOf('repeats', given.repeats, 1, 1000))
  const seconds = numberOf('seconds', given.seconds, 0.01, 60)
  const work: Load = {
    connections: Math.round(numberOf('connections', given.connections, 1, 10_000)),
    size: Math.round(numberOf('size', given.size, 1, 2 ** 20)),
    seconds,
    warmup: Math.min(0.15, seconds),
  }
  const started = performance.now()
  const { by, samples } = await measure(work, repeats)
  const taken = (performance.now() - started) / 1000
  const machine = `${describe(here())}; ${cpus()[0]?.model ?? 'a processor'} × ${cpus().length}`
  if (json) {
    console.log(JSON.stringify({ machine, ...work, repeats, threadClock: by, samples }, null, 2))
    return 0
  }
  const style = styleOf(process.stdout)
  const { connections, size } = work
  const what = `${connections} connections × ${size} B, echoed; ${repeats} × ${seconds} s each, in turn (${taken.toFixed(0)} s)`
  console.log([style.bold(what), machine, ...draw(samples, by, style), '', ...notes(by)].join('\n'))
  return 0
}

async function measure(
  work: Load,
  repeats: number,
): Promise<{ by: Clocks['by']; samples: Sample[] }> {
  const servers = names.map((name) => new Server(name))
  const progress = styleOf(process.stderr)
  const samples: Sample[] = []
  let by: Clocks['by'] = 'event loop'
  try {
    const ports = new Map<Server, number>()
    for (const server of servers) ports.set(server, await server.port())
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      // Each is first once: nobody always comes after the same one.
      const first = repeat % servers.length
      for (const server of [...servers.slice(first), ...servers.slice(0, first)]) {
        if (progress.isTerminal) {
          process.stderr.write(`\r\u001B[K${repeat + 1} of ${repeats}: ${server.name}`)
        }
        const outcome = await load(ports.get(server) ?? 0, work, () => server.clocks())
        const { after, before, messages } = outcome
        by = after.by
        samples.push({
          server: server.name,
          repeat,
          messages,
          perSecond: messages / outcome.seconds,
          thread: (after.thread - before.thread) / messages,
          process: (after.process - before.process) / messages,
        })
      }
    }
  } finally {
    if (progress.isTerminal) process.stderr.write('\r\u001B[K')
    for (const server of servers) server[Symbol.dispose]()
  }
  return { by, samples }
}

const titles: Readonly<Record<Figure, string>> = {
  thread: 'JavaScript thread of the server, µs of CPU per message (less is better)',
  process: 'Whole process of the server, µs of CPU per message (less is better)',
  perSecond: 'Messages per second (more is better)',
}

/** The longest bar, in cells. */
const longest = 32

function draw(samples: readonly Sample[], by: Clocks['by'], style: Style): string[] {
  return (Object.keys(titles) as Figure[]).flatMap((figure) => {
    const series = (name: string): number[] =>
      samples.filter(({ server }) => server === name).map((sample) => sample[figure])
    const top = Math.max(...names.map((name) => spread(series(name)).median))
    const title = titles[figure]
    const isTime = figure === 'thread' && by === 'event loop'
    return [
      '',
      style.bold(isTime ? title.replace('µs of CPU', 'µs that its event loop is busy') : title),
      ...names.map((name) => row(name, series(name), series(baseline), top, figure, style)),
    ]
  })
}

function row(
  name: string,
  own: readonly number[],
  others: readonly number[],
  top: number,
  figure: Figure,
  style: Style,
): string {
  const value = spread(own)
  const bar = style.bar((value.median / top) * longest).padEnd(longest)
  const digits = figure === 'perSecond' ? 0 : 2
  const text = show(value, digits).padEnd(figure === 'perSecond' ? 24 : 20)
  const isOwn = name !== baseline
  const painted = isOwn ? style.good(bar) : style.dim(bar)
  return `  ${name.padEnd(14)} ${painted} ${text}${isOwn ? ` ${comparison(own, others)}` : ''}`.trimEnd()
}

/** The ratio to the baseline, unless that would say more than is known. */
function comparison(own: readonly number[], others: readonly number[]): string {
  const ratio = ratios(own, others)
  if (isTelling(ratio, own.length)) return `${show(ratio)} × ${baseline}`
  if (own.length < 3) return 'too few repeats to compare'
  return `unclear: ${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)} × ${baseline}`
}

function notes(by: Clocks['by']): string[] {
  const clocks = {
    schedstat: 'The time of the thread is that of the kernel (schedstat).',
    threadCpuUsage: 'The time of the thread is that of process.threadCpuUsage().',
    'event loop':
      'This runtime does not tell the CPU of a thread: what is shown is how long its event loop was busy.',
  }
  return [
    'Medians, with the least and the most of all repeats; ratios are made within one repeat.',
    clocks[by],
    'Client and server share this machine. The client is one thread of JavaScript as well, and may be',
    'what bounds the messages per second; it does not change what a message costs the server.',
  ]
}
