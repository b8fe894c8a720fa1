/** Ends in the middle of something: by `process.exit`, an exception, or by itself. */
import { writeSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'

const [, , how] = process.argv
process.on('exit', (code) => {
  writeSync(1, `exit ${code}\n`)
})

const server = net.createServer((socket) => {
  socket.on('error', () => {})
  socket.write('x'.repeat(100_000))
  if (how === 'unref') socket.unref()
})
if (how !== 'nothing') {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    const client = net.connect(port, '127.0.0.1')
    client.once('data', () => {
      if (how === 'exit') process.exit(7)
      if (how === 'throw') throw new Error('thrown')
      if (how === 'unref') {
        client.unref()
        server.unref()
      }
      if (how === 'end') {
        client.destroy()
        server.close()
      }
    })
  })
}
