/** The same in a worker and in the main thread, at once. */
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'

async function echo(name: string): Promise<string> {
  const server = net.createServer((socket: Socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = net.connect(port, '127.0.0.1')
  socket.end(`echo in ${name}`)
  const received = await text(socket)
  server.close()
  return received
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  const told = once(worker, 'message') as Promise<[string]>
  console.log(await echo('the main thread'))
  console.log((await told)[0])
  await once(worker, 'exit')
} else {
  parentPort?.postMessage(await echo('a worker'))
}
