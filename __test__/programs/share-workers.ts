/** Loads the package in workers alone: one connects to the other and gives its streams to it. */
import { MessageChannel, Worker, parentPort, threadId, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { SharedTcpStream, TcpStream as Stream } from 'mio-js'

interface Setup {
  readonly port: MessagePort
  readonly shares: boolean
}

async function main(): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const { port1, port2 } = new MessageChannel()
    const ends = [
      [port1, true],
      [port2, false],
    ] as const
    const codes = ends.map(async ([port, shares]) => {
      const data: Setup = { port, shares }
      const worker = new Worker(new URL(import.meta.url), {
        workerData: data,
        transferList: [port],
      })
      return new Promise<number>((resolve, reject) => {
        worker.once('error', reject)
        worker.once('exit', resolve)
      })
    })
    for (const code of await Promise.all(codes)) if (code !== 0) throw new Error(`code ${code}`)
  }
  console.log('done')
}

/** Shares both ends of ten connections, and waits for the answer. */
async function shareAll(port: MessagePort): Promise<void> {
  const { TcpListener, TcpStream } = await import('mio-js')
  const listener = TcpListener.bind('127.0.0.1:0')
  for (let n = 0; n < 10; n += 1) {
    const client = TcpStream.connect(listener.localAddr())
    let accepted = listener.accept()
    while (accepted === null || !client.finishConnect()) {
      await new Promise(setImmediate)
      accepted ??= listener.accept()
    }
    client.write(Buffer.from(`hello ${n}`))
    port.postMessage([client.share(), accepted[0].share()])
  }
  listener.close()
  port.postMessage(null)
}

/** Takes them, and reads what is on its way inside of each connection. */
async function takeAll(port: MessagePort): Promise<void> {
  const { TcpStream } = await import('mio-js')
  let taken = 0
  const streams: Stream[] = []
  await new Promise<void>((resolve) => {
    port.on('message', (pair: SharedTcpStream[] | null) => {
      if (pair === null) resolve()
      else for (const shared of pair) streams.push(TcpStream.from(shared))
    })
  })
  for (let n = 0; n < streams.length; n += 2) {
    const buffer = Buffer.alloc(16)
    let count = null
    while (count === null) {
      count = streams[n + 1]!.read(buffer)
      await new Promise(setImmediate)
    }
    if (buffer.toString('latin1', 0, count) !== `hello ${n / 2}`) throw new Error('other bytes')
    taken += 1
  }
  if (taken !== 10) throw new Error(`${taken} were taken`)
  port.postMessage('taken')
  port.close()
}

if (threadId === 0) {
  await main()
} else {
  const { port, shares } = workerData as Setup
  if (shares) {
    const answered = new Promise((resolve) => port.once('message', resolve))
    await shareAll(port)
    await answered
    port.close()
  } else {
    await takeAll(port)
  }
  parentPort?.unref()
}
