/** A server of `mio-js/http` that is sent to a child process, which goes on when it is closed here. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, type Server, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createServer } from 'mio-js/http'

if (process.argv[2] === 'child') {
  const [, server] = (await once(process, 'message')) as [string, Server]
  server.on('connection', (socket) => {
    socket.end('from the child')
    server.close()
    process.disconnect()
  })
  process.send?.('listening')
} else {
  const server = createServer((_request, response) => response.end('from the parent'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const child = fork(new URL(import.meta.url), ['child'])
  child.send('a server', server)
  await once(child, 'message')
  const isClosed = once(server, 'close')
  server.close()
  await isClosed
  console.log(await text(connect(port, '127.0.0.1')))
  await once(child, 'exit')
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { system, user } = process.cpuUsage(before)
  console.log('quiet', system + user < 80_000)
}
