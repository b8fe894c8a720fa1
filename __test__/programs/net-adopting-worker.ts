/** Goes on with a connection that another thread has detached: sends back what comes, in capitals. */
import { workerData } from 'node:worker_threads'
import { adopt } from 'mio-js/net'

const { fd, leftover } = workerData as { fd: number; leftover: Uint8Array }
const socket = adopt({ fd, leftover: Buffer.from(leftover) }, { allowHalfOpen: true })
socket.on('data', (chunk) => socket.write(chunk.toString().toUpperCase()))
socket.on('end', () => socket.end())
