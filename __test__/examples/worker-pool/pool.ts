/** Either example of a pool of workers in a process of its own, and its clients. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { until } from '../../support/until.js'

const compiled = (path: string): URL => new URL(`../../../${path}`, import.meta.url)

export class Pool {
  readonly child: ChildProcess
  readonly #ended: Promise<unknown[]>
  port = 0

  private constructor(name: string) {
    const preload = compiled('__test__/programs/kill-worker.js').href
    const program = fileURLToPath(compiled(`examples/${name}.js`))
    this.child = spawn(process.execPath, ['--import', preload, program], {
      env: { ...process.env, PORT: '0', WORKERS: '2' },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    this.#ended = once(this.child, 'close')
  }

  static async start(t: ExecutionContext, name: string): Promise<Pool> {
    const pool = new Pool(name)
    t.teardown(async () => {
      pool.child.kill('SIGKILL')
      await pool.#ended
    })
    const lines = createInterface({ input: pool.child.stdout! })
    const [line] = (await once(lines, 'line')) as [string]
    pool.port = Number(/^listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1])
    return pool
  }

  /** How the process ends. */
  async end(): Promise<unknown[]> {
    return this.#ended
  }
}

/** A connection that is greeted with the name of its worker. */
export class Client {
  readonly socket: net.Socket
  #received = ''

  constructor(t: ExecutionContext, pool: Pool) {
    this.socket = net.connect(pool.port, '127.0.0.1')
    this.socket.setEncoding('latin1').on('error', () => {})
    this.socket.on('data', (text: string) => {
      this.#received += text
    })
    t.teardown(() => {
      this.socket.destroy()
    })
  }

  static async connected(t: ExecutionContext, pool: Pool): Promise<Client> {
    const client = new Client(t, pool)
    await once(client.socket, 'connect')
    return client
  }

  /** Its worker, once that has greeted; `nobody` if it is reset instead. */
  async worker(): Promise<string> {
    const greeted = (): boolean => this.#received.includes('\n')
    await until('the greeting arrives', () => greeted() || this.socket.closed)
    return greeted() ? this.#received.split('\n')[0]! : 'nobody'
  }

  /** Whether a line comes back. */
  async echoes(text: string): Promise<boolean> {
    this.socket.write(`${text}\n`)
    await until(`${text} comes back`, () => this.#received.endsWith(`\n${text}\n`))
    return true
  }
}

/** So many clients, in order of their workers. */
export async function clients(
  t: ExecutionContext,
  pool: Pool,
  count: number,
): Promise<Map<string, Client[]>> {
  const all = await Promise.all(
    Array.from({ length: count }, async () => Client.connected(t, pool)),
  )
  const byWorker = new Map<string, Client[]>()
  for (const client of all) {
    const worker = await client.worker()
    byWorker.set(worker, [...(byWorker.get(worker) ?? []), client])
  }
  return byWorker
}
