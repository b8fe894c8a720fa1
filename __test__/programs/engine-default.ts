/** Uses the functions that need no engine, and ends by itself. */
import { connect, listen } from 'mio-js/engine'

const server = listen({
  hostname: '127.0.0.1',
  socket: {
    data: (socket, chunk) => {
      socket.end(chunk)
    },
  },
})
const echoed = new Promise((resolve) => {
  void connect({
    hostname: '127.0.0.1',
    port: server.port!,
    socket: {
      open: (socket) => {
        socket.write('echoed')
      },
      data: (_, chunk) => {
        resolve(chunk)
      },
    },
  })
})
console.log(String(await echoed))
await server.close()
process.once('exit', () => {
  console.log('exit')
})
const again = await connect({ hostname: '127.0.0.1', port: server.port! }).catch(
  (error: unknown) => error as NodeJS.ErrnoException,
)
console.log('code' in again ? again.code : 'connected')
