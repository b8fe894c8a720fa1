import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { ExecutionContext } from 'ava'
import { deadline, eventually } from './redis/deadline.ts'
import { finish, run, stopAll, watch, type Running } from './redis/processes.ts'
import '../support/census.ts'
import { unix } from '../support/platforms.ts'

/** A path of a socket for a test that starts servers: at its end, both are gone. */
function place(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  t.teardown(stopAll)
  return path.join(folder, 'chat')
}

function spawnChat(at: string): ReturnType<typeof run> {
  const program = path.resolve('build/examples/unix-chat.js')
  return run(process.execPath, [program, at], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function chat(t: ExecutionContext): Promise<Running & { at: string }> {
  const at = place(t)
  const running = await deadline(watch(spawnChat(at), /^listening on /), 'the chat did not start')
  return { ...running, at }
}

class Client {
  heard = ''
  isClosed = false
  readonly socket: net.Socket

  constructor(t: ExecutionContext, at: string) {
    this.socket = net.connect(at)
    this.socket.setEncoding('utf8')
    this.socket.on('data', (text: string) => (this.heard += text))
    this.socket.on('error', () => {})
    this.socket.on('close', () => (this.isClosed = true))
    t.teardown(() => {
      this.socket.destroy()
    })
  }

  /** A guest that the others have heard of. */
  static async named(t: ExecutionContext, at: string, name: string, ...others: Client[]) {
    const client = new Client(t, at)
    await once(client.socket, 'connect')
    client.socket.write(`${name}\n`)
    for (const other of others) await other.hears(`* ${name} is here\n`)
    return client
  }

  async hears(text: string): Promise<void> {
    await eventually(async () => this.heard.includes(text))
  }
}

unix('what one guest says all others hear, as it was said', async (t) => {
  const { at } = await chat(t)
  const ada = await Client.named(t, at, 'Ada')
  const bob = await Client.named(t, at, 'Bob', ada)
  const eve = await Client.named(t, at, 'Eve', ada, bob)
  ada.socket.write('hello\nkä')
  ada.socket.write('se 🧀\n')
  for (const guest of [bob, eve]) await guest.hears('Ada: hello\nAda: käse 🧀\n')
  bob.socket.end()
  for (const guest of [ada, eve]) await guest.hears('* Bob left: goodbye\n')
  t.is(ada.heard, '* Bob is here\n* Eve is here\n* Bob left: goodbye\n')
})

unix('who does not read is shown out, and the others miss nothing', async (t) => {
  const { at } = await chat(t)
  const ada = await Client.named(t, at, 'Ada')
  const slow = await Client.named(t, at, 'Slow', ada)
  slow.socket.pause()
  const bob = await Client.named(t, at, 'Bob', ada)
  const lines = `${'x'.repeat(999)}\n`.repeat(100)
  const before = ada.heard.length
  for (let n = 1; n <= 20; n += 1) {
    bob.socket.write(lines)
    const least = before + n * 100 * 1005
    await eventually(async () => ada.heard.length >= least)
  }
  await ada.hears('* Slow left: does not read\n')
  t.is(ada.heard.split('Bob: ').length, 2001)
  slow.socket.resume()
  await eventually(async () => slow.isClosed)
})

unix('who talks without end is shown out', async (t) => {
  const { at } = await chat(t)
  const ada = await Client.named(t, at, 'Ada')
  const bob = await Client.named(t, at, 'Bob', ada)
  bob.socket.write('x'.repeat(5000))
  await ada.hears('* Bob left: talks without end\n')
  t.false(ada.heard.includes('xxx'))
})

unix('a signal ends the chat, which removes its file', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { at, child, errors } = await chat(t)
    t.true(statSync(at).isSocket())
    const ada = await Client.named(t, at, 'Ada')
    const exit = once(child, 'exit')
    child.kill(signal)
    const [code] = await deadline(exit, 'the chat did not end')
    t.is(code, 0)
    t.deepEqual(errors, [])
    t.false(existsSync(at))
    await eventually(async () => ada.isClosed)
  }
})

unix('the file of a dead server is replaced, and nothing else', async (t) => {
  const { at, child } = await chat(t)
  const second = await finish(spawnChat(at))
  t.is(second.code, 1)
  t.regex(second.stderr, /EADDRINUSE/)
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  t.true(existsSync(at))
  const third = await deadline(watch(spawnChat(at), /^listening on /), 'the chat did not start')
  await Client.named(t, at, 'Ada')
  third.child.kill('SIGTERM')

  const file = place(t)
  writeFileSync(file, 'mine')
  const fourth = await finish(spawnChat(file))
  t.is(fourth.code, 1)
  t.regex(fourth.stderr, /EADDRINUSE/)
  t.is(readFileSync(file, 'utf8'), 'mine')
})
