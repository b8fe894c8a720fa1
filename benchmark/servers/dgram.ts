/**
 * A server on `node:dgram`. `echo` sends each datagram back; `receive` answers only those that begin
 * with a 1, with how many have come so far.
 *
 * usage: dgram.js echo|receive
 */
import { createSocket } from 'node:dgram'

const answer = Buffer.alloc(4)
let count = 0

const socket = createSocket('udp4')
if (process.argv[2] === 'echo') {
  socket.on('message', (bytes, { address, port }) => {
    socket.send(bytes, port, address)
  })
} else {
  socket.on('message', (bytes, { address, port }) => {
    count += 1
    if (bytes[0] !== 1) return
    answer.writeUInt32LE(count)
    socket.send(answer, port, address)
  })
}
socket.bind(0, '127.0.0.1', () => {
  const { address, port } = socket.address()
  console.log(`listening ${address}:${port}`)
})
