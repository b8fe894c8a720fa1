/**
 * A pool of workers with one acceptor: the main thread accepts and deals the connections to workers
 * in turn. Works on every platform, and whoever is told to stop or dies loses nobody else's.
 *
 * usage: [PORT=7000] [WORKERS=2] node worker-pool.js
 */
import { availableParallelism } from 'node:os'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Events, Interest, Poll, type SharedTcpStream, TcpListener, TcpStream, Token } from 'mio-js'
import { Service } from './worker-pool/service.ts'

interface Member {
  readonly worker: Worker
  /** Dealt to the worker, which has not said yet that it has them: the oldest first. */
  readonly onTheirWay: SharedTcpStream[]
}

async function main(): Promise<void> {
  const members: Member[] = []
  const listener = TcpListener.bind({
    address: '127.0.0.1',
    port: Number(process.env['PORT'] ?? 7000),
  })
  const poll = new Poll()
  const events = Events.withCapacity(1)
  let [turn, started, isStopping] = [0, 0, false]

  function start(): void {
    started += 1
    const worker = new Worker(new URL(import.meta.url), { workerData: `worker ${started}` })
    const member: Member = { worker, onTheirWay: [] }
    members.push(member)
    // A worker takes its connections in order, and tells how many at once.
    worker.on('message', (taken: number) => member.onTheirWay.splice(0, taken))
    worker.on('error', (error) => {
      console.error(error)
    })
    worker.on('exit', () => {
      replace(member)
    })
  }

  /** The connections that a dead worker has taken are gone; those on their way are still ours. */
  function replace(member: Member): void {
    members.splice(members.indexOf(member), 1)
    if (!isStopping) start()
    for (const shared of member.onTheirWay) {
      try {
        const stream = TcpStream.from(shared)
        // Who dies last, at the end, leaves nobody to go to.
        if (members.length > 0) deal(stream)
        else stream.close()
      } catch {
        // It had this one, and could not say so.
      }
    }
  }

  function deal(stream: TcpStream): void {
    const member = members[(turn += 1) % members.length]!
    const shared = stream.share()
    member.onTheirWay.push(shared)
    member.worker.postMessage(shared)
  }

  function accept(): void {
    if (isStopping) return
    try {
      listener.acceptAll(deal)
    } catch (error) {
      console.error((error as Error).message) // no room: they stay in the queue, without an event
      setTimeout(accept, 100)
    }
  }

  /** Accepts whoever waits, and lets the workers finish. A second signal ends everything at once. */
  function stop(): void {
    if (isStopping) process.exit(1)
    accept()
    isStopping = true
    poll.close()
    listener.close()
    for (const { worker } of members) worker.postMessage('stop')
  }

  for (let n = Number(process.env['WORKERS'] ?? availableParallelism()); n > 0; n -= 1) start()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  poll.registry.register(listener, Token(0), Interest.READABLE)
  console.log(`listening on ${listener.localAddr()}`)
  for (;;) {
    try {
      await poll.pollAsync(events)
    } catch (error) {
      if (isStopping) return
      throw error
    }
    accept()
  }
}

async function work(): Promise<void> {
  const service = new Service(String(workerData))
  parentPort?.on('message', (message: SharedTcpStream | 'stop') => {
    if (message === 'stop') {
      service.stop()
      parentPort?.close()
      return
    }
    service.add(TcpStream.from(message))
    parentPort?.postMessage(1)
  })
  await service.run()
}

await (isMainThread ? main() : work())
