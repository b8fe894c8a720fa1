/**
 * A pool of workers with a listener in each, all on one port: the system deals the connections, and
 * none changes its thread. For Linux and FreeBSD, where the system spreads them evenly; elsewhere see
 * worker-pool.ts. A listener that is closed, or dies with its worker, takes its queue with it.
 *
 * usage: [PORT=7000] [WORKERS=2] node worker-pool-reuse-port.js
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { type SocketAddrInit, TcpListener } from 'mio-js'
import { Service } from './worker-pool/service.ts'

interface Setup {
  readonly name: string
  readonly address: SocketAddrInit
}

async function main(): Promise<void> {
  const workers = new Set<Worker>()
  let [started, isStopping] = [0, false]

  /** Starts a worker, and tells where it listens. */
  async function start(address: SocketAddrInit): Promise<SocketAddrInit> {
    started += 1
    const setup: Setup = { name: `worker ${started}`, address }
    const worker = new Worker(new URL(import.meta.url), { workerData: setup })
    workers.add(worker)
    worker.on('error', (error) => {
      console.error(error)
    })
    worker.on('exit', () => {
      workers.delete(worker)
    })
    const [listening] = (await once(worker, 'message')) as [SocketAddrInit]
    worker.on('exit', () => {
      if (!isStopping) start(listening).catch(console.error)
    })
    return listening
  }

  /** Lets the workers finish. A second signal ends everything at once. */
  function stop(): void {
    if (isStopping) process.exit(1)
    isStopping = true
    for (const worker of workers) worker.postMessage('stop')
  }

  process.on('SIGINT', stop).on('SIGTERM', stop)
  // The first one finds a free port, where none is given.
  const first = { address: '127.0.0.1', port: Number(process.env['PORT'] ?? 7000) }
  const address = await start(first)
  const count = Number(process.env['WORKERS'] ?? availableParallelism())
  await Promise.all(Array.from({ length: count - 1 }, async () => start(address)))
  console.log(`listening on ${address.address}:${address.port}`)
}

async function work(): Promise<void> {
  const { name, address } = workerData as Setup
  const service = new Service(name)
  const listener = TcpListener.bind(address, { reusePort: true })
  service.listen(listener)
  parentPort?.once('message', () => {
    service.stop()
  })
  const { address: host, port } = listener.localAddr()
  parentPort?.postMessage({ address: host, port })
  await service.run()
}

await (isMainThread ? main() : work())
