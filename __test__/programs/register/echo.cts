/** An echo with the CommonJS module. */
import net = require('node:net')

const server = net.createServer((socket) => socket.pipe(socket))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as net.AddressInfo
  const socket = net.connect(port, '127.0.0.1', () => {
    socket.end('echo')
  })
  socket.setEncoding('utf8')
  socket.on('data', (text) => console.log(text))
  socket.on('close', () => {
    console.log(socket instanceof net.Socket, socket.bytesRead, socket.bytesWritten)
    const second = new net.Socket()
    second.on('error', ({ message }) => console.log(message.replace(String(port), 'PORT')))
    second.on('close', (hadError) => console.log('closed', hadError))
    server.close(() => second.connect({ port, host: '127.0.0.1' }))
  })
})
