/** Opens a bit of everything, for who reads what NODE_DEBUG=mio-js says of it. */
import { Poll } from 'mio-js'
import { Engine } from 'mio-js/engine'

new Poll().close()
const engine = new Engine({ io: 'inline' })
const server = engine.listen({ hostname: '127.0.0.1', socket: { data: (socket) => socket.end() } })
const { port = 0 } = server
let onClose = (): void => {}
const closed = new Promise<void>((resolve) => {
  onClose = resolve
})
const socket = await engine.connect({
  hostname: '127.0.0.1',
  port,
  socket: { close: onClose },
})
console.log(port, socket.localPort)
socket.write('hello')
await closed
await server.close()
await engine.connect({ hostname: '127.0.0.1', port }).catch(() => {})
await engine.close()
