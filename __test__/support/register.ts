/** Programs that know nothing of this package, run with and without it. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { long } from './patience.js'
import { isDeno } from './runtime.js'

/** How many connections of a process were core's sockets, and how many ours. */
export interface Sockets {
  readonly core: number
  readonly mio: number
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  /** Without what the probe has said. */
  readonly stderr: string
  /** Of each process and thread, in the order in which they ended. */
  readonly sockets: readonly { readonly client: Sockets; readonly server: Sockets }[]
}

export interface Setting {
  /** Options of Node that load the preload: default `--import mio-js/register`. */
  readonly preload?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** What it reads from its standard input. */
  readonly input?: string
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const registered = ['--import', pathToFileURL(here('../../../dist/src/register.js')).href]
export const required = ['--require', here('../../../dist/src/register.cjs')]
export const plain: readonly string[] = []

const probe = ['--import', new URL('../programs/register/probe.js', import.meta.url).href]

/** Deno has one option for both ways. */
function forDeno(options: readonly string[]): string[] {
  const own = options.map((option) =>
    option === '--import' || option === '--require' ? '--preload' : option,
  )
  return ['run', '--allow-all', ...own]
}

/** Runs a program of programs/register to its end. */
export async function runProgram(program: string, setting: Setting = {}): Promise<Run> {
  const { preload = registered, args = [], env = {}, input = '' } = setting
  const base = here(`../programs/register/${program}`)
  const file = existsSync(`${base}.cjs`) ? `${base}.cjs` : `${base}.js`
  const options = isDeno ? forDeno([...probe, ...preload]) : [...probe, ...preload]
  const child = spawn(process.execPath, [...options, file, ...args], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: long(40_000),
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, all] = await Promise.all([text(child.stdout), text(child.stderr)])
  const lines = all.split('\n')
  const isProbe = (line: string): boolean => line.startsWith('probe ')
  return {
    code: await code,
    stdout,
    stderr: lines.filter((line) => !isProbe(line)).join('\n'),
    sockets: lines
      .filter(isProbe)
      .map((line) => JSON.parse(line.slice(6)) as Run['sockets'][number]),
  }
}
