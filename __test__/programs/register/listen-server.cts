/** A server that is told to listen on what another one has. */
import net = require('node:net')

const first = net.createServer().listen(0, '127.0.0.1', () => {
  const second = net.createServer()
  const end = (outcome: string): void => {
    console.log(outcome)
    second.close()
    first.close(() => console.log('closed'))
  }
  second.on('error', ({ message }) => end(message))
  second.listen(first, () => end('listening'))
})
