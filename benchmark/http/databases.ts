/** A real PostgreSQL and a real Redis, for clients to ask. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { versionOf } from '../machine.js'
import { type Command, Program } from '../process.js'

export interface Database extends AsyncDisposable {
  readonly port: number
}

/** Debian keeps the programs of a server here, by its version, and not on PATH. */
const DEBIAN = '/usr/lib/postgresql'
/** PostgreSQL does not run as root; this is nobody on every Linux. */
const NOBODY = 65_534

export function redisVersion(): string | null {
  return /v=(\S+)/.exec(versionOf('redis-server', '--version') ?? '')?.[1] ?? null
}

export async function startRedis(): Promise<Database> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--appendonly', 'no', '--save', '']
  return start({ command: ['redis-server', ...args] }, port, /Ready to accept connections/)
}

export function postgresVersion(): string | null {
  const version = versionOf(`${postgresFolder()}postgres`, '--version')
  return version === null ? null : (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? version)
}

let cluster: string | undefined

/** Each time on the same cluster, which is made at the first and removed when the process ends. */
export async function startPostgres(): Promise<Database> {
  cluster ??= makeCluster()
  const port = await freePort()
  const settings = {
    fsync: 'off',
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // It writes on the standard error, which nobody reads here.
  const command = unprivileged([
    'sh',
    '-c',
    'exec "$0" "$@" 2>&1',
    `${postgresFolder()}postgres`,
    '-D',
    cluster,
    ...args,
  ])
  return start({ command }, port, /ready to accept connections/)
}

function makeCluster(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-benchmark-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o700)
  if (process.getuid?.() === 0) chownSync(folder, NOBODY, NOBODY)
  const [command = '', ...args] = unprivileged([
    `${postgresFolder()}initdb`,
    '--pgdata',
    folder,
    '--username',
    'postgres',
    '--auth',
    'trust',
    '--no-sync',
  ])
  const { status, stderr } = spawnSync(command, args, { cwd: '/', encoding: 'utf8' })
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
  return folder
}

function unprivileged(command: string[]): string[] {
  if (process.getuid?.() !== 0) return command
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...command]
}

/** With a slash at its end; empty if the programs are on PATH. */
function postgresFolder(): string {
  if (versionOf('initdb', '--version') !== null) return ''
  try {
    const versions = readdirSync(DEBIAN).map(Number)
    return `${DEBIAN}/${Math.max(...versions)}/bin/`
  } catch {
    return ''
  }
}

async function start(command: Command, port: number, ready: RegExp): Promise<Database> {
  const program = new Program(command)
  try {
    while (!ready.test(await program.line()));
  } catch (error) {
    await program[Symbol.asyncDispose]()
    throw error
  }
  return { port, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() }
}

/** Neither can be asked to choose. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
