/** Programs that a benchmark starts: their lines, and what they use of the machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * CPU in microseconds: of the main thread, where JavaScript runs, and of the whole process with those
 * that it has started.
 */
export interface Cpu {
  readonly main: number
  readonly process: number
}

export interface Command {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** No program of a benchmark takes this long; one that hangs must not outlive the patience for it. */
const LIFETIME = 120_000
/** How long a program may take to end when it is asked to. */
const GRACE = 5000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1))
}

/** A program of `native/`. */
export function native(name: string): string {
  return `${process.env['CARGO_TARGET_DIR'] ?? 'target'}/release/${name}`
}

/** A compiled module of this project, from the folder that this one is compiled to. */
export function compiled(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

/** A started program, read line by line. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #lines: AsyncIterator<string>

  constructor({ command: [command, ...args], env = {} }: Command) {
    if (command === undefined) throw new TypeError('no command')
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      killSignal: 'SIGKILL',
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: LIFETIME,
    })
    if (this.#child.stdout === null) throw new TypeError('no stdout')
    const child = this.#child
    alive.add(child)
    this.#ended = once(child, 'close').finally(() => alive.delete(child))
    // Whoever reads from a program that could not be started is told so.
    this.#ended.catch(() => {})
    child.stdin?.on('error', () => {})
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** The next line; rejects when the program ends instead. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done !== true) return value
    await this.#ended
    throw new Error(`${this.#child.spawnargs.join(' ')} ended early`)
  }

  /** All lines that are left; rejects when the program fails. */
  async rest(): Promise<string[]> {
    const lines = []
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) {
      lines.push(next.value)
    }
    await this.#ended
    const { exitCode, spawnargs } = this.#child
    if (exitCode !== 0) throw new Error(`${spawnargs.join(' ')} failed: ${lines.join(' / ')}`)
    return lines
  }

  /** Sends an empty line, on which the load generator waits. */
  go(): void {
    this.#child.stdin?.write('\n')
  }

  /** Exact on Linux; elsewhere nothing tells about a thread, so `null`. */
  cpu(): Cpu | null {
    if (process.platform !== 'linux') return null
    const pid = String(this.#child.pid)
    return { main: usedBy(pid, pid), process: usedByFamily(pid) }
  }

  /**
   * Bytes of memory that are resident: all of them, and those that no file stands behind. The others
   * are pages of executables, which come once, when code in them is first run. `null` elsewhere than
   * on Linux.
   */
  memory(): { all: number; own: number } | null {
    if (process.platform !== 'linux') return null
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')
    const bytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
    return { all: bytes('VmRSS'), own: bytes('RssAnon') }
  }

  /** Ends the program, and waits until the system has taken back what it had. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end()
    this.#child.kill()
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), GRACE)
    await this.#ended.catch(() => {})
    clearTimeout(kill)
  }
}

/** What a thread of a process has used; 0 if it has ended since it was looked for. */
function usedBy(pid: string, task: string): number {
  return Number(look(pid, task, 'schedstat').split(' ')[0]) / 1000
}

/** What all threads of a process have used, and of the processes that they have started. */
function usedByFamily(pid: string): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const children = look(pid, task, 'children').split(' ').filter(Boolean)
    return children.reduce((total, child) => total + usedByFamily(child), sum + usedBy(pid, task))
  }, 0)
}

function look(pid: string, task: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${task}/${file}`, 'latin1')
  } catch {
    return ''
  }
}
