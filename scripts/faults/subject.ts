/**
 * The process in which calls fail: runs a scenario as often as it is told to, with one plan each time,
 * and tells what came of it.
 *
 * usage: node subject.js CONTROL SCENARIO IO WAKE, with the shim preloaded
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { native } from '#src/binding.js'
import { type Call, Control, type Plan, type Record } from './control.js'
import { type Setting, World, patience } from './scenario.js'
import { scenarios } from './scenarios/index.js'

/** What the parent asks for. */
export interface Order {
  readonly plan: Plan | undefined
  readonly seed: number
}

/** What came of it. */
export interface Report {
  /** What must not be, in words. */
  readonly violations: readonly string[]
  /** The codes that the program was told. */
  readonly codes: readonly string[]
  /** What became of each connection. */
  readonly lines: readonly string[]
  readonly record: Record
  /** Microseconds of this process, all threads. */
  readonly cpu: number
  /** Of a run that went wrong. */
  readonly log: readonly Call[]
}

/** What a process holds. */
function census(): Readonly<{ [what: string]: number }> {
  return {
    objects: native.census(),
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  }
}

const [path = '', name = '', io = '', wake = ''] = process.argv.slice(2)
const setting = { io, wake } as Setting
process.env['MIO_JS_WAKE'] = wake
// For engines that are made on demand.
process.env['MIO_JS_IO'] = io
const scenario = scenarios[name]
if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
const control = new Control(path)
if (!control.hasModule) throw new Error('the shim has not found the native module')

let world: World | undefined
const strays: string[] = []
for (const event of ['uncaughtException', 'unhandledRejection', 'warning'] as const) {
  process.on(event, (error: NodeJS.ErrnoException) => {
    // How an engine tells that it cannot go on: nothing else of it could be told.
    const isOfEngine = error.code === 'EBADF' && error.syscall === 'poll'
    if (isOfEngine && world !== undefined && event === 'uncaughtException') {
      world.ledger.told('the engine', error)
      world.hasFailed = true
    } else {
      strays.push(`${event}: ${error.stack ?? String(error)}`)
    }
  })
}

/** What the descriptors of the process are. */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return `${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`
    } catch {
      return `${fd} (that of looking)`
    }
  })
}

/** Nothing that a run opened may stay open: what ends later gets a moment. */
async function settled(baseline: ReturnType<typeof census>): Promise<string[]> {
  const end = performance.now() + 2000
  for (;;) {
    const now = census()
    const more = Object.keys(now).filter((what) => (now[what] ?? 0) > (baseline[what] ?? 0))
    if (more.length === 0) return []
    if (performance.now() > end) {
      const differences = more.map((what) => `${what}: ${now[what]} instead of ${baseline[what]}`)
      return [...differences, `open: ${descriptors().join(', ')}`]
    }
    await delay(1)
  }
}

async function run(order: Order): Promise<Omit<Report, 'record' | 'log' | 'cpu'>> {
  const here = (world = new World(order.seed, setting, control))
  const { ledger } = here
  strays.length = 0
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hangs: ${here.waitsFor}`)), patience + 1000)
  })
  if (order.plan !== undefined) control.arm(order.plan)
  try {
    await Promise.race([scenario!.run(here), late])
  } catch (error) {
    ledger.violation((error as Error).stack ?? String(error))
  } finally {
    control.pause()
    clearTimeout(timer)
  }
  ledger.settle()
  if (here.owed !== 0) ledger.violation(`${here.owed} callbacks have not come`)
  const { codes } = ledger
  return { violations: [...ledger.violations, ...strays], codes, lines: ledger.summary() }
}

const none: Plan = { outcomes: new Map(), nth: 1, seed: 0, lasting: 0 }

// What stays after the first time stays for good.
for (let n = 0; n < 3; n += 1) await run({ plan: none, seed: n })
const baseline = census()

process.on('message', (order: Order) => {
  void (async () => {
    const before = process.cpuUsage()
    const { violations, codes, lines } = await run(order)
    const left = await settled(baseline)
    const { user, system } = process.cpuUsage(before)
    const all = [...violations, ...left]
    const report: Report = {
      violations: all,
      codes,
      lines,
      record: control.record(),
      cpu: user + system,
      log: all.length > 0 ? control.log() : [],
    }
    process.send?.(report)
  })()
})
process.send?.('ready')
