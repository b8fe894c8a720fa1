/**
 * Real servers on loopback, each in a folder of its own. They end with the spec that started them, and
 * before its census if that is imported later.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test from 'ava'
import { freePort } from '../free-port.js'
import { find } from './tools.ts'
import { long } from '../patience.js'

/** Long for any server, and shorter than the patience of ava. */
const deadline = long(40_000)
const attempts = 3

export const host = '127.0.0.1'

/** A server that runs. */
export interface Server {
  readonly port: number
  readonly folder: string
}

export interface Recipe {
  readonly command: string
  /** What it is started with. The folder is empty at first, and the server's own. */
  args(port: number, folder: string): readonly string[]
  /** What it says when it can be connected to, on either output. */
  readonly ready: RegExp
  /** Commands that are run before, once. */
  prepare?(place: Place): Promise<unknown>
  /** Who runs it if we are the superuser, whom some servers do not want to be. */
  readonly user?: string
}

/** A folder, and who may write there. */
export interface Place {
  readonly folder: string
  run(command: string, args: readonly string[]): Promise<unknown>
}

const stops: (() => Promise<void>)[] = []

test.after.always('stop the servers', async () => {
  await Promise.all(stops.map(async (stop) => stop()))
})

interface Identity {
  uid?: number
  gid?: number
}

/** The numbers of a user; none if we are somebody who cannot become another. */
function identityOf(user: string | undefined): Identity {
  if (user === undefined || process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8').match(
    new RegExp(`^${user}:[^:]*:(\\d+):(\\d+):`, 'm'),
  )
  if (line === null) throw new Error(`there is no user ${user}`)
  return { uid: Number(line[1]), gid: Number(line[2]) }
}

function pathOf(command: string): string {
  const file = find(command)
  if (file === undefined) throw new Error(`${command} is not installed`)
  return file
}

/** Rejects when the server ends, or says nothing for too long. */
async function untilReady(child: ChildProcess, ready: RegExp): Promise<void> {
  const said: string[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`${child.spawnfile} ${why}: ${said.join('\n')}`))
      timer = setTimeout(() => fail('is not ready'), deadline)
      child.once('error', reject)
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`))
      for (const output of [child.stdout!, child.stderr!]) {
        // Read on to the end, so that the server never waits for us.
        createInterface(output).on('line', (line) => {
          if (said.length < 100) said.push(line)
          if (ready.test(line)) resolve()
        })
      }
    })
  } finally {
    clearTimeout(timer)
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL') // nothing of it is needed any more
  await closed
}

export async function start(recipe: Recipe): Promise<Server> {
  const command = pathOf(recipe.command)
  const identity = identityOf(recipe.user)
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-server-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  const options = { ...identity, cwd: folder, env: { ...process.env, LC_ALL: 'C' } }
  try {
    if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid!)
    await recipe.prepare?.({
      folder,
      run: (tool, args) => promisify(execFile)(pathOf(tool), args, options),
    })
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort()
      const child = spawn(command, recipe.args(port, folder), {
        ...options,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      try {
        await untilReady(child, recipe.ready)
        stops.push(async () => {
          await stopped(child)
          remove()
        })
        return { port, folder }
      } catch (error) {
        await stopped(child)
        // Somebody else may have taken the port meanwhile.
        if (attempt === attempts) throw error
      }
    }
  } catch (error) {
    remove()
    throw error
  }
}
