/** Programs that were written for Node's sockets, run on ours in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'
import type { Sockets } from './counted.ts'
import { where } from './platforms.ts'
import { long } from './patience.js'

/** Long for any of the programs, and shorter than the patience of ava. */
const deadline = long(30_000)

/**
 * What a program does with a library, in steps that are tests. `door` is how the library comes to our
 * sockets: `register` is a preload, of which the program knows nothing.
 */
export interface Scenario<Context, Address> {
  open(door: string, address: Address): Promise<Context>
  readonly steps: Readonly<Record<string, (context: Context) => Promise<void>>>
  close(context: Context): Promise<void>
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly sockets: Sockets
}

/** A program of a file that was built, with what it says about its sockets. */
export class Program {
  readonly child: ChildProcess
  readonly #ended: Promise<Ended>
  #stdout = ''
  #stderr = ''

  constructor(
    file: string,
    args: readonly string[],
    { isRegistered = false, env = {} as NodeJS.ProcessEnv } = {},
  ) {
    const preload = [path.resolve('build/__test__/support/counted.js')]
    if (isRegistered) preload.push('mio-js/register')
    const imports = preload.flatMap((module) => ['--import', module])
    this.child = spawn(process.execPath, [...imports, file, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      timeout: deadline,
    })
    this.#ended = this.#watch()
    this.#ended.catch(() => {}) // whoever waits is told
  }

  async #watch(): Promise<Ended> {
    const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (...how) => resolve(how))
    })
    const [, , , counts] = this.child.stdio
    this.child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (this.#stdout += chunk))
    this.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk))
    const [sockets, [code, signal]] = await Promise.all([text(counts as Readable), closed])
    const none = '{"ours":-1,"core":-1}' // killed
    const counted = JSON.parse(sockets || none) as Sockets
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr, sockets: counted }
  }

  async ended(): Promise<Ended> {
    return this.#ended
  }

  /** Resolves with what it says that looks like this, also if it said it before. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = what.exec(this.#stdout)
        if (match !== null) resolve(match)
      }
      this.child.stdout!.on('data', look)
      look()
      this.child.once('close', (code, signal) => {
        reject(new Error(`ended with ${code ?? signal}: ${this.#stderr}`))
      })
    })
  }

  /** A server's, which it says at its start. */
  async port(): Promise<number> {
    const [, port] = await this.says(/^listening on 127\.0\.0\.1:(\d+)$/m)
    return Number(port)
  }

  /** Asks it to end in its own way. */
  stop(): void {
    this.child.kill('SIGTERM')
  }
}

/** It has ended by itself, without complaint, and all its sockets were ours. */
export function endedWell(t: ExecutionContext, { code, signal, stderr, sockets }: Ended): void {
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  t.is(sockets.core, 0)
  t.true(sockets.ours > 0, 'it has had no socket')
}

/** What one door of a scenario gave: undefined for each step that went well. */
interface Outcome {
  readonly ended: Ended
  readonly errors: ReadonlyMap<string, string | undefined>
}

async function play(
  name: string,
  door: string,
  address: unknown,
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const file = path.resolve('build/__test__/programs/drop-in.js')
  const isRegistered = door === 'register'
  const program = new Program(file, [name, door, JSON.stringify(address)], { isRegistered, env })
  const ended = await program.ended()
  const errors = new Map<string, string | undefined>()
  for (const line of ended.stdout.split('\n').filter((one) => one.startsWith('{'))) {
    const { step, error } = JSON.parse(line) as { step: string; error?: string }
    errors.set(step, error)
  }
  return { ended, errors }
}

/** Declares a test for each step of a scenario through each door, and one for how the program ends. */
export function declare<Context, Address>(
  name: string,
  scenario: Scenario<Context, Address>,
  doors: readonly string[],
  address: () => Address,
  missing?: string,
  environment: () => NodeJS.ProcessEnv = () => ({}),
): void {
  const declared = where(missing === undefined, `${missing}`)
  for (const door of doors) {
    let outcome: Promise<Outcome> | undefined
    const played = async (): Promise<Outcome> => {
      return (outcome ??= play(name, door, address(), environment()))
    }
    for (const step of Object.keys(scenario.steps)) {
      declared(`${name} by ${door}: ${step}`, async (t) => {
        const { errors, ended } = await played()
        if (!errors.has(step)) t.fail(`not reached: ${ended.signal ?? ended.stderr}`)
        else t.is(errors.get(step), undefined)
      })
    }
    declared(`${name} by ${door}: the program ends by itself, all its sockets ours`, async (t) => {
      endedWell(t, (await played()).ended)
    })
  }
}

interface HowToRun {
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Whether the example is for the preload. */
  readonly isRegistered?: boolean
}

/** A program of ../../examples/drop-in. */
export function example(name: string, { args = [], ...how }: HowToRun = {}): Program {
  return new Program(path.resolve(`build/examples/drop-in/${name}.js`), args, how)
}

/** Declares a test of an example that ends by itself, when it has said what it has to say. */
export function declareExample(
  name: string,
  output: string,
  how: () => HowToRun,
  missing?: string,
): void {
  where(missing === undefined, `${missing}`)(`the example ${name} does what it says`, async (t) => {
    const ended = await example(name, how()).ended()
    endedWell(t, ended)
    t.is(ended.stdout, `${output}\n`)
  })
}
