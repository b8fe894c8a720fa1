/**
 * An echo server on `Poll` in several threads. The connections are dealt by the main thread, which
 * accepts them, or by the system to a listener in each worker.
 *
 * usage: pool.js dealt|reuse-port WORKERS
 */
import { once } from 'node:events'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { type SharedTcpStream, type SocketAddr, TcpListener, TcpStream } from 'mio-js'
import { PollEcho } from './poll-echo.js'

/** Where a worker listens; `null` for one that is given connections. */
type Address = string | null

async function start(address: Address): Promise<[Worker, Address]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: address })
  const [listening] = (await once(worker, 'message')) as [Address]
  return [worker, listening]
}

async function deal(count: number): Promise<void> {
  const started = await Promise.all(Array.from({ length: count }, async () => start(null)))
  const workers = started.map(([worker]) => worker)
  const acceptor = new PollEcho(true)
  const listener = TcpListener.bind('127.0.0.1:0')
  let turn = 0
  acceptor.listen(listener, (stream) => {
    turn = (turn + 1) % count
    workers[turn]?.postMessage(stream.share())
  })
  console.log(`listening ${listener.localAddr()}`)
  await acceptor.serve()
}

async function share(count: number): Promise<void> {
  const [, address] = await start('127.0.0.1:0')
  for (let n = 1; n < count; n += 1) await start(address)
  console.log(`listening ${address}`)
}

async function work(address: Address): Promise<void> {
  const echo = new PollEcho(true)
  let at: SocketAddr | null = null
  if (address === null) {
    parentPort?.on('message', (shared: SharedTcpStream) => {
      echo.add(TcpStream.from(shared))
    })
  } else {
    const listener = TcpListener.bind(address, { reusePort: true })
    at = listener.localAddr()
    echo.listen(listener)
  }
  parentPort?.postMessage(at === null ? null : String(at))
  await echo.serve()
}

const [mode, count] = process.argv.slice(2)
if (!isMainThread) await work(workerData as Address)
else if (mode === 'dealt') await deal(Number(count))
else await share(Number(count))
