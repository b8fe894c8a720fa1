/** Programs of ../programs that are asked by messages, wherever they run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Place {
  /** A command that runs the program: in a network of its own, with fewer descriptors. */
  readonly prefix?: readonly string[]
  readonly args?: readonly string[]
  readonly nodeOptions?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** What a program of {@link answer} says to a question. */
interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Longer than whatever is asked takes, and shorter than the patience of ava. */
const deadline = 50_000

/** A program, with the functions that it has given to `answer`. */
export class Remote<Calls> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<number | string>
  #last = 0

  constructor(program: string, { prefix = [], args = [], nodeOptions = [], env }: Place = {}) {
    const file = fileURLToPath(new URL(`../programs/${program}.js`, import.meta.url))
    const command = [...prefix, process.execPath, ...nodeOptions, file, ...args]
    this.#child = spawn(command[0]!, command.slice(1), {
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(value)
      else waiting?.reject(new Error(`${program}: ${error}`))
    })
    this.#exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('exit', (code, signal) => resolve(code ?? signal ?? ''))
    })
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${program} has ended: ${code ?? signal}`))
      }
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Calls a function of the program, and resolves with what it returns. */
  async ask<Name extends keyof Calls & string>(
    name: Name,
    ...args: Calls[Name] extends (...args: infer A) => unknown ? A : never
  ): Promise<Calls[Name] extends (...args: never) => infer R ? Awaited<R> : never> {
    const id = (this.#last += 1)
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`timed out: ${name}`)), deadline)
        this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
        this.#child.send({ id, name, args }, (error) => {
          if (error !== null) reject(error)
        })
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** Lets it end by itself, and resolves with its exit code or the name of a signal. */
  async end(): Promise<number | string> {
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    const outcome = await this.#exited
    clearTimeout(timer)
    return outcome
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}

type Call = (...args: never[]) => unknown

/** Milliseconds in which a program has to end when whoever asked is gone. */
const farewell = 5_000

/** The side of the program: answers until whoever asks is gone. */
export function answer<Calls extends { [Name in keyof Calls]: Call }>(calls: Calls): void {
  process.on('message', ({ id, name, args }: { id: number; name: string; args: never[] }) => {
    void reply(id, async () => calls[name as keyof Calls](...args))
  })
  // With all closed that was opened nothing is left that keeps it; without, it must not stay.
  process.once('disconnect', () => {
    setTimeout(() => process.exit(3), farewell).unref()
  })
}

async function reply(id: number, call: () => Promise<unknown>): Promise<void> {
  let answered: Answer
  try {
    answered = { id, value: await call() }
  } catch (error) {
    answered = { id, error: (error as Error).stack ?? String(error) }
  }
  if (process.connected) process.send?.(answered)
}
