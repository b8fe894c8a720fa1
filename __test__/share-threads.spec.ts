/** Sources that move between threads. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { MessageChannel, Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { Interest, TcpListener, TcpStream } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { EchoThread } from './support/echo-thread.js'
import { throwsCode } from './support/errors.js'
import { nodePair } from './support/node-peer.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  pair,
  poller,
  readExactly,
  watch,
  writeAll,
} from './support/sockets.js'
import { until } from './support/until.js'

const gone = 'ERR_SHARED_SOURCE_GONE'
const program = (name: string): URL => new URL(`programs/${name}.js`, import.meta.url)

/** A worker that reads no message, as it blocks in `poll`. */
async function deafWorker(t: ExecutionContext): Promise<Worker> {
  const worker = new Worker(program('worker/mirror'), { workerData: { what: 'poll' } })
  t.teardown(async () => worker.terminate())
  await once(worker, 'message')
  return worker
}

async function seesEnd(stream: TcpStream): Promise<void> {
  await until('the end is seen', () => stream.read(Buffer.alloc(16)) === 0)
}

test('a stream goes to a worker in mid-stream, and its unread bytes with it', async (t) => {
  const echo = await EchoThread.start(t)
  const [client, server] = await pair(t)
  await writeAll(client, Buffer.from('here, there'))
  t.is((await readExactly(server, 6)).toString(), 'here, ')
  const shared = echo.give(server)
  t.is((await readExactly(client, 5)).toString(), 'there')
  throwsCode(t, gone, () => TcpStream.from(shared))
  await writeAll(client, Buffer.from('more'))
  t.is((await readExactly(client, 4)).toString(), 'more')
  client.close()
  await until('the worker closes its end', () => echo.count('closed') === 1)
})

test('a stream comes back from a worker', async (t) => {
  const { port1, port2 } = new MessageChannel()
  const echo = await EchoThread.start(t, { next: port2, moveAfter: 4 })
  const [client, server] = await pair(t)
  echo.give(server)
  await writeAll(client, Buffer.from('four'))
  const [shared] = (await once(port1, 'message')) as [ReturnType<TcpStream['share']>]
  const back = closing(t, TcpStream.from(shared))
  t.is((await readExactly(client, 4)).toString(), 'four')
  await writeAll(client, Buffer.from('again'))
  const { poll, events } = poller(t)
  watch(poll, back, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  t.is((await readExactly(back, 5)).toString(), 'again')
  port1.close()
})

test('a stream moves to a worker while it connects', async (t) => {
  const echo = await EchoThread.start(t)
  const server = listener(t)
  for (let n = 1; n <= 20; n += 1) {
    echo.give(TcpStream.connect(server.localAddr()))
    const accepted = closing(t, await acceptOne(server))
    await writeAll(accepted, Buffer.from('hello'))
    t.is((await readExactly(accepted, 5)).toString(), 'hello')
  }
  t.is(echo.count('taken'), 20)
})

test('of two workers that got the same value, one has the stream', async (t) => {
  const echoes = [await EchoThread.start(t), await EchoThread.start(t)]
  const sum = (what: 'taken' | 'gone' | 'closed'): number =>
    echoes.reduce((total, echo) => total + echo.count(what), 0)
  for (let n = 1; n <= 50; n += 1) {
    const [client, server] = await pair(t)
    const shared = server.share()
    for (const echo of echoes) echo.worker.postMessage(shared)
    await writeAll(client, Buffer.from('whose?'))
    t.is((await readExactly(client, 6)).toString(), 'whose?')
    await until('both have asked', () => sum('taken') + sum('gone') === 2 * n)
    t.is(sum('taken'), n)
    client.close()
  }
  await until('all are closed', () => sum('closed') === 50)
})

test('a worker that is terminated with streams in its queue leaves them to be taken back', async (t) => {
  const worker = await deafWorker(t)
  const pairs = await Promise.all(Array.from({ length: 20 }, async () => pair(t)))
  const shared = pairs.map(([, server]) => server.share())
  for (const value of shared) worker.postMessage(value)
  await worker.terminate()
  for (const [n, [client]] of pairs.entries()) {
    t.is(client.read(Buffer.alloc(1)), null, 'it is open')
    const back = closing(t, TcpStream.from(shared[n]!))
    await writeAll(client, Buffer.from('x'))
    t.is((await readExactly(back, 1)).toString(), 'x')
  }
})

test('a value that is posted to a port which nobody reads can be taken back', async (t) => {
  const { port1, port2 } = new MessageChannel()
  const [client, server] = await pair(t)
  const shared = server.share()
  port1.postMessage(shared)
  port1.close()
  port2.close()
  await once(port2, 'close')
  t.is(client.read(Buffer.alloc(1)), null)
  TcpStream.from(shared).close()
  await seesEnd(client)
})

test('what a worker has taken is closed when it is terminated', async (t) => {
  const echo = await EchoThread.start(t)
  const clients = []
  const values = []
  for (let n = 0; n < 20; n += 1) {
    const [client, server] = await pair(t)
    clients.push(client)
    values.push(echo.give(server))
  }
  await until('the worker has them', () => echo.count('taken') === 20)
  await echo.worker.terminate()
  for (const client of clients) await seesEnd(client)
  for (const value of values) throwsCode(t, gone, () => TcpStream.from(value))
})

test('what nobody took is closed when the thread ends that shared it', async (t) => {
  const server = listener(t)
  const worker = new Worker(program('sharing-worker'), { workerData: server.localAddr().port })
  const [values] = (await once(worker, 'message')) as [ReturnType<TcpStream['share']>[]]
  const streams: TcpStream[] = []
  await until('all are accepted', () => {
    server.acceptAll((stream) => streams.push(closing(t, stream)))
    return streams.length === values.length
  })
  const [mine, ...lost] = values
  const taken = closing(t, TcpStream.from(mine!))
  for (const stream of streams) t.is(stream.read(Buffer.alloc(1)), null, 'it is open')
  worker.postMessage('end')
  await once(worker, 'exit')
  for (const value of lost) throwsCode(t, gone, () => TcpStream.from(value))
  const at = String(taken.localAddr())
  for (const stream of streams) {
    if (String(stream.peerAddr()) === at) await writeAll(stream, Buffer.from('alive'))
    else await seesEnd(stream)
  }
  t.is((await readExactly(taken, 5)).toString(), 'alive')
})

test('a listener goes to a worker and back, and loses nobody', async (t) => {
  const worker = new Worker(program('accepting-worker'))
  t.teardown(async () => worker.terminate())
  const at = listener(t).localAddr()
  const mine = TcpListener.bind({ ...at, port: 0 })
  const { port } = mine.localAddr()
  const clients = Array.from({ length: 10 }, () => closing(t, TcpStream.connect({ ...at, port })))
  await until('all are connected', () => clients.every((client) => client.finishConnect()))
  const answer = once(worker, 'message')
  worker.postMessage({ listener: mine.share(), connections: 5 })
  const [back] = (await answer) as [ReturnType<TcpListener['share']>]
  const again = closing(t, TcpListener.from(back))
  let accepted = 0
  await until('the rest is accepted', () => {
    accepted += again.acceptAll((stream) => {
      closing(t, stream)
      void stream.write(Buffer.from('main'))
    })
    return accepted === 5
  })
  const answers = []
  for (const client of clients) answers.push((await readExactly(client, 4)).toString())
  t.deepEqual(answers.toSorted(), [...Array(5).fill('main'), ...Array(5).fill('work')])
})

test('500 sockets move back and forth between two workers under load, and no byte is lost', async (t) => {
  const { port1, port2 } = new MessageChannel()
  const [one, two] = await Promise.all([
    EchoThread.start(t, { next: port1, moveAfter: 10_000 }),
    EchoThread.start(t, { next: port2, moveAfter: 10_000 }),
  ])
  const server = listener(t)
  const { port } = server.localAddr()
  const size = 64 * 1024
  const echoed = Array.from({ length: 500 }, async (): Promise<[sent: string, got: string]> => {
    const bytes = randomBytes(size)
    const hash = createHash('sha256')
    const socket = net.connect(port, '127.0.0.1')
    for (let at = 0; at < size; at += 8192) socket.write(bytes.subarray(at, at + 8192))
    let received = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      hash.update(chunk)
      received += chunk.length
      if (received === size) socket.end()
    }
    return [createHash('sha256').update(bytes).digest('hex'), hash.digest('hex')]
  })
  let given = 0
  await until('all are given away', () => {
    server.acceptAll((stream) => {
      given += 1
      ;(given % 2 === 0 ? one : two).give(stream)
    })
    return given === 500
  })
  for (const [sent, got] of await Promise.all(echoed)) t.is(got, sent)
  await until('all are closed', () => one.count('closed') + two.count('closed') === 500)
  t.is(one.count('gone') + two.count('gone'), 0)
  const moves = one.count('moved') + two.count('moved')
  t.true(moves >= 500 * 3, `${moves} moves`)
})

test('a worker may be terminated whatever it does with streams that were shared', async (t) => {
  for (let n = 0; n < 15; n += 1) {
    const echo = await EchoThread.start(t)
    const values = []
    const peers: net.Socket[] = []
    for (let m = 0; m < 10; m += 1) {
      const [stream, peer] = await nodePair(t)
      values.push(echo.give(stream))
      peers.push(peer)
      peer.resume().write('hello')
    }
    await until('it has begun', () => echo.count('taken') > n % 10)
    await echo.worker.terminate()
    // Whoever was not taken is still here; the others are closed.
    let left = 0
    for (const value of values) {
      try {
        TcpStream.from(value).close()
        left += 1
      } catch (error) {
        t.is((error as NodeJS.ErrnoException).code, gone)
      }
    }
    // The worker may have ended after it took one and before it counted that.
    t.true([0, 1].includes(10 - echo.count('taken') - left), `${left} were left`)
    // Reset, as what they sent may not have been read, or ended.
    await until('all peers see it', () => peers.every((peer) => peer.closed))
  }
})

test('a worker that blocks in poll with streams that were shared can be terminated', async (t) => {
  for (let n = 0; n < 10; n += 1) {
    const worker = new Worker(program('blocking-worker'))
    t.teardown(async () => worker.terminate())
    const pairs = await Promise.all(Array.from({ length: 10 }, async () => pair(t)))
    worker.postMessage(pairs.map(([, server]) => server.share()))
    await once(worker, 'message')
    const start = performance.now()
    await worker.terminate()
    t.true(performance.now() - start < 5000)
    for (const [client] of pairs) await seesEnd(client)
  }
})

const codes = { returns: 0, forgets: 0, exits: 3, throws: 1 }
for (const how of ['returns', 'forgets', 'exits', 'throws'] as const) {
  test(`a process whose main thread ${how} while sockets are on their way ends well`, async (t) => {
    const { code, signal, stderr } = await run('share-exit', [how])
    t.is(signal, null, stderr)
    t.is(code, codes[how], stderr)
    if (how !== 'throws') t.is(stderr, '')
  })
}

test('workers share with each other in a process whose main thread never loads the package', async (t) => {
  const { code, stdout, stderr } = await run('share-workers')
  t.is(code, 0, stderr)
  t.is(stdout, 'done\n')
})
