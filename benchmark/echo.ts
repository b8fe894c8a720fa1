/**
 * CPU per echoed message: a server on `Poll` against `node:net` and others.
 *
 * Every server is started anew for each measurement, and repeats are interleaved, so that what else
 * the machine does hits all of them; ratios are made within one repeat. `--save` writes the raw
 * samples to `results/echo.json`.
 *
 * usage: echo.js [--repeats 3] [--seconds 1] [--connections 1,50,200,1000] [--sizes 64,16384] [--save]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, machine, versionOf } from './machine.js'
import { native, Program } from './process.js'
import { show, spread, table } from './statistics.js'

interface Load {
  readonly units: number
  readonly unitsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
}

interface Sample {
  readonly server: string
  readonly connections: number
  readonly size: number
  readonly repeat: number
  readonly messages: number
  readonly messagesPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  /** CPU per message in microseconds, where the system tells. */
  readonly mainMicros: number | null
  readonly processMicros: number | null
}

const baseline = 'node:net'

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '1,50,200,1000' },
    repeats: { type: 'string', default: '3' },
    save: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '1' },
    sizes: { type: 'string', default: '64,16384' },
  },
})
const numbers = (list: string): number[] => list.split(',').map(Number)

/** The servers that this machine can run, and the versions of what runs them. */
function servers(scratch: string): [Map<string, string[]>, Record<string, string>] {
  const node = process.execPath
  const rust = [native('echo'), '127.0.0.1:0']
  const poll = [node, 'build/benchmark/servers/poll.js']
  const list = new Map([
    [baseline, [node, 'build/benchmark/servers/net.js']],
    ['mio-js', [...poll, 'async', 'short-read']],
    ['mio-js, to would-block', [...poll, 'async', 'would-block']],
    ['mio-js, blocking poll', [...poll, 'blocking', 'short-read']],
    ['mio in Rust', [...rust, 'short-read']],
    ['mio in Rust, to would-block', [...rust, 'would-block']],
  ])
  const versions: Record<string, string> = {}
  const bun = process.env['BUN'] ?? 'bun'
  const bunVersion = versionOf(bun, '--version')
  if (bunVersion === null) console.log('not measured: Bun (no `bun` on PATH; BUN names another)')
  else {
    versions['bun'] = bunVersion
    list.set('Bun.listen', [bun, 'benchmark/servers/bun.mjs'])
  }
  const goVersion = versionOf('go', 'version')
  if (goVersion === null) console.log('not measured: Go (no `go` on PATH)')
  else {
    versions['go'] = goVersion.replace('go version go', '')
    const program = join(scratch, 'echo-go')
    spawnSync('go', ['build', '-o', program, 'benchmark/servers/echo.go'], { stdio: 'inherit' })
    list.set('Go', [program])
  }
  return [list, versions]
}

async function measure(
  server: readonly string[],
  connections: number,
  size: number,
): Promise<Omit<Sample, 'server' | 'connections' | 'size' | 'repeat'>> {
  await using program = new Program({ command: server })
  const address = (await program.line()).replace('listening ', '')
  const args = { connections, size, seconds: options.seconds, warmup: 0.3 }
  const flags = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)])
  await using generator = new Program({ command: [native('load'), address, ...flags] })
  await generator.line()
  const before = program.cpu()
  generator.go()
  const load = JSON.parse(await generator.line()) as Load
  const after = program.cpu()
  const perMessage = (key: 'main' | 'process'): number | null =>
    before === null || after === null ? null : (after[key] - before[key]) / load.units
  return {
    messages: load.units,
    messagesPerSecond: load.unitsPerSecond,
    p50Micros: load.p50Micros,
    p99Micros: load.p99Micros,
    mainMicros: perMessage('main'),
    processMicros: perMessage('process'),
  }
}

function report(samples: readonly Sample[], connections: number, size: number): string {
  const head = [
    'server',
    'JS thread, µs',
    'process, µs',
    'process : net',
    'messages/s',
    'p50 / p99, µs',
  ]
  const here = samples.filter((s) => s.connections === connections && s.size === size)
  const of = (server: string): Sample[] => here.filter((sample) => sample.server === server)
  const rows = [...new Set(here.map((sample) => sample.server))].map((server) => {
    const mine = of(server)
    const cpu = (key: 'mainMicros' | 'processMicros'): string => {
      const list = mine.map((sample) => sample[key] ?? NaN)
      return show(spread(list))
    }
    const ratios = of(baseline).map(
      (net, repeat) => (mine[repeat]?.processMicros ?? NaN) / (net.processMicros ?? NaN),
    )
    const median = (key: 'messagesPerSecond' | 'p50Micros' | 'p99Micros'): string =>
      spread(mine.map((sample) => sample[key])).median.toFixed(0)
    return [
      server,
      cpu('mainMicros'),
      cpu('processMicros'),
      show(spread(ratios)),
      median('messagesPerSecond'),
      `${median('p50Micros')} / ${median('p99Micros')}`,
    ]
  })
  return `\n${connections} connections × ${size} B\n\n${table([head, ...rows])}`
}

const scratch = mkdtempSync(join(tmpdir(), 'mio-js-bench-'))
try {
  const [list, versions] = servers(scratch)
  const where = machine(versions)
  console.log(describe(where))
  const samples: Sample[] = []
  for (const size of numbers(options.sizes)) {
    for (const connections of numbers(options.connections)) {
      for (let repeat = 0; repeat < Number(options.repeats); repeat += 1) {
        for (const [server, command] of list) {
          const sample = await measure(command, connections, size)
          samples.push({ server, connections, size, repeat, ...sample })
        }
      }
      console.log(report(samples, connections, size))
    }
  }
  if (options.save) {
    const raw = JSON.stringify({ machine: where, samples }, null, 1)
    writeFileSync('benchmark/results/echo.json', `${raw}\n`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
