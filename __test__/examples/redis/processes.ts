import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { tried } from '../../support/engine.ts'
import { isComplete } from '../../support/platforms.ts'
import { deadline } from './deadline.ts'

/** One of the servers that are to behave alike. */
export interface Program {
  readonly name: string
  readonly path: string
  readonly environment: Record<string, string>
  /** Who finds no room is told so at once, and does not wait in the system's queue. */
  readonly refuses: boolean
}

/** The example under every driver of the engine, and the one on `Poll`. */
export const programs: readonly Program[] = [
  ...tried.map((driver) => ({
    name: driver,
    path: path.resolve('build/examples/redis-server.js'),
    environment: { MIO_JS_IO: driver },
    refuses: true,
  })),
  {
    name: 'poll',
    path: path.resolve('build/examples/redis-server-poll.js'),
    environment: {},
    refuses: false,
  },
]

/** A server process and the port it listens on. */
export interface Running {
  readonly child: ChildProcess
  readonly port: number
  readonly output: string[]
  readonly errors: string[]
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const started = new Set<ChildProcess>()

/** Starts a process that `stopAll` ends if it does not end by itself. */
export function run(program: string, args: string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(program, args, options)
  started.add(child)
  child.once('error', () => started.delete(child))
  child.once('exit', () => started.delete(child))
  return child
}

export async function stopAll(): Promise<void> {
  await Promise.all(
    [...started].map(async (child) => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }),
  )
}

export function spawnExample(
  program: Program,
  environment: Record<string, string> = {},
): ChildProcess {
  const env = environmentOf(program, environment)
  return run(process.execPath, [program.path], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The example in a shell that lets it have so many descriptors. */
export function spawnLimited(program: Program, descriptors: number): ChildProcess {
  const script = `ulimit -n ${descriptors} && exec "$0" "$1"`
  const env = environmentOf(program)
  return run('sh', ['-c', script, process.execPath, program.path], { env })
}

function environmentOf(
  { environment }: Program,
  more: Record<string, string> = {},
): NodeJS.ProcessEnv {
  return { ...process.env, PORT: '0', HOST: '127.0.0.1', ...environment, ...more }
}

export async function startExample(
  program: Program,
  child = spawnExample(program),
): Promise<Running> {
  const running = watch(child, /^listening on 127\.0\.0\.1:(\d+)$/)
  return deadline(running, 'the example did not say where it listens')
}

export async function startOracle(): Promise<Running> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  probe.close()
  await once(probe, 'close')
  const args = `--port ${port} --bind 127.0.0.1 --appendonly no --databases 1`.split(' ')
  const limit = ['--proto-max-bulk-len', String(64 * 1024 * 1024), '--save', '']
  const child = run('redis-server', [...args, ...limit], { stdio: ['ignore', 'pipe', 'pipe'] })
  const running = await deadline(watch(child, /Ready to accept connections/), 'no redis-server')
  return { ...running, port }
}

/** Waits for a line that says that the server is ready; its first group is the port. */
export async function watch(child: ChildProcess, ready: RegExp): Promise<Running> {
  const output: string[] = []
  const errors: string[] = []
  createInterface(child.stderr!).on('line', (line) => errors.push(line))
  const lines = createInterface(child.stdout!)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${errors.join('\n')}`)))
    lines.on('line', (line) => {
      output.push(line)
      const match = ready.exec(line)
      if (match !== null) resolve({ child, port: Number(match[1]), output, errors })
    })
  })
}

export async function finish(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = await deadline(once(child, 'close'), `${child.spawnfile} did not end`, 60_000)
  return { code: code as number | null, stdout, stderr }
}

/** Whether there is the tool, in a version that it says of itself in these words. */
export function isInstalled(tool: string, version = /./): boolean {
  const { status, stdout } = spawnSync(tool, ['--version'], { encoding: 'utf8', timeout: 15_000 })
  return status === 0 && version.test(stdout)
}

/** Why a test that uses these is to be skipped, if it is: in CI on Linux it fails without them. */
export function missingOf(...tools: readonly string[]): string | undefined {
  if (isComplete) return undefined
  const missing = tools.find((tool) => !isInstalled(tool))
  return missing === undefined ? undefined : `${missing} is not installed`
}
