import net from 'node:net'
import process from 'node:process'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import '../support/census.js'
import { serving } from '../support/example.js'
import { unix } from '../support/platforms.js'
import { TextClient } from '../support/text-client.js'
import { until } from '../support/until.js'
import { type Running, finish, stopAll } from './redis/processes.js'

/** What was started ends with its supervisor, and the census waits for that. */
test.afterEach.always('stop the servers', stopAll)

async function start(t: ExecutionContext): Promise<Running> {
  const running = await serving('graceful-restart', [], { RESTART_MS: '10' })
  await accepting(running, 1)
  // Killed outright it could not end its children.
  t.teardown(async () => {
    if (running.child.exitCode !== null) return
    const ended = finish(running.child)
    running.child.kill('SIGTERM')
    await ended
  })
  return running
}

/** Waits for as many children as have ever begun to accept. */
async function accepting({ output }: Running, count: number): Promise<void> {
  await until(`${count} accept; there was: ${output.join('\n')}`, () => {
    return output.filter((line) => line.endsWith(' accepts')).length >= count
  })
}

/** A connection that has heard who serves it. */
async function greeted(
  t: ExecutionContext,
  { errors, output, port }: Running,
): Promise<[TextClient, pid: number]> {
  const client = await TextClient.connect(t, port)
  await client.receives('\n').catch((error: Error) => {
    throw new Error([error.message, ...output, ...errors].join('\n'), { cause: error })
  })
  return [client, Number.parseInt(client.text, 10)]
}

unix('no connection is lost, whenever the server is replaced', async (t) => {
  const running = await start(t)
  const { child, errors, port } = running
  const over = new AbortController()
  const seen = new Set<string>()
  const failures: string[] = []
  let count = 0
  /** One connection after another, as fast as it goes; each wants its greeting and its echo. */
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const outcome = await new Promise<string>((resolve) => {
        let text = ''
        const socket = net.connect(port, '127.0.0.1')
        socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        socket.on('error', ({ message }) => resolve(message))
        socket.on('close', () => resolve(text))
        socket.end('ping')
      })
      const [, pid] = /^(\d+)\nping$/.exec(outcome) ?? []
      if (pid === undefined) failures.push(outcome)
      else seen.add(pid)
      count += 1
    }
  }
  const clients = [client(), client(), client(), client()]
  for (let restarts = 1; restarts <= 3; restarts += 1) {
    const before = count
    await until('clients are served', () => count > before + 20)
    child.kill('SIGHUP')
    await accepting(running, restarts + 1)
  }
  const before = count
  await until('clients are served', () => count > before + 20)
  over.abort()
  await Promise.all(clients)
  t.deepEqual(failures, [], `of ${count} connections`)
  t.true(seen.size >= 3, `${seen.size} processes have served`)
  t.deepEqual(errors, [])
})

unix('who is connected stays with the old one, who comes gets the new one', async (t) => {
  const running = await start(t)
  const { child, output } = running
  const [old, first] = await greeted(t, running)
  child.kill('SIGHUP')
  await accepting(running, 2)
  await until('the new one greets', async () => {
    const [client, pid] = await greeted(t, running)
    client.socket.destroy()
    return pid !== first
  })
  await old.echoes('still served')
  old.socket.end()
  t.is(await old.ends(), 'end')
  await until('the old one has ended', () => output.includes(`${first} has ended: 0`))
})

unix('one that crashes is replaced, and who waits meanwhile is served', async (t) => {
  const running = await start(t)
  const { output } = running
  const [, first] = await greeted(t, running)
  process.kill(first, 'SIGKILL')
  await until('it is noticed', () => output.includes(`${first} has ended: SIGKILL`))
  const [client, second] = await greeted(t, running)
  t.not(second, first)
  await client.echoes('here')
})

unix('told to end it serves those that are there, and ends', async (t) => {
  const running = await start(t)
  const { child, output } = running
  const [client, pid] = await greeted(t, running)
  const ended = finish(child)
  child.kill('SIGTERM')
  await client.echoes('still there')
  client.socket.end()
  t.is(await client.ends(), 'end')
  t.is((await ended).code, 0)
  t.true(output.includes(`${pid} has ended: 0`))
})
