/** What only core has: pipes of a child, messages with sockets, descriptors that are none of a socket. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

if (process.argv[2] === 'child') {
  process.on('message', (_message, handle: Socket) => {
    handle.end('from the child')
    handle.once('close', () => process.disconnect())
  })
} else {
  process.stdin.setEncoding('utf8')
  let input = ''
  for await (const chunk of process.stdin) input += chunk
  console.log('input', input)

  const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] })
  cat.stdin?.end('through a child')
  console.log(await text(cat.stdout!), cat.stdin instanceof net.Socket)

  const fifo = spawn('sh', ['-c', 'echo through a pipe'], { stdio: ['ignore', 'pipe', 'inherit'] })
  console.log((await text(fifo.stdout)).trim())

  const child = fork(new URL(import.meta.url), ['child'])
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    child.send('a socket', socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  console.log(await text(socket))
  await once(child, 'exit')
  server.close()
  console.log('closed')
}
