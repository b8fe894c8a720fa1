/** Two workers share a port; each has a listener of its own beside it. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const host = '127.0.0.1'

async function ask(port: number): Promise<string> {
  const socket = net.connect(port, host)
  return text(socket)
}

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  const ports = await Promise.all(
    workers.map(async (worker) => ((await once(worker, 'message')) as [number[]])[0]),
  )
  const shared = new Set(ports.map(([first]) => first))
  console.log('one port for both', shared.size === 1)
  const [port = 0] = shared
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(port)))
  console.log('both answer', new Set(answers).size === 2)
  for (const [, own = 0] of ports) console.log((await ask(own)).replace(/\d+/, 'N'))
  await Promise.all(
    workers.map(async (worker) => {
      worker.send('end')
      await once(worker, 'exit')
    }),
  )
  console.log('ended')
} else {
  const shared = net.createServer((socket) => socket.end(`worker ${process.pid}`))
  const own = net.createServer((socket) => socket.end(`own ${process.pid}`))
  shared.listen(0, host)
  own.listen({ port: 0, host, exclusive: true })
  await Promise.all([once(shared, 'listening'), once(own, 'listening')])
  process.send?.([shared, own].map((server) => (server.address() as AddressInfo).port))
  await once(process, 'message')
  shared.close()
  own.close()
  process.disconnect()
}
