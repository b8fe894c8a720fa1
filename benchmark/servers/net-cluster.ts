/**
 * The server of net.ts in several processes, to which `node:cluster` deals the connections in turn.
 *
 * usage: net-cluster.js WORKERS
 */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'

const count = Number(process.argv[2])
let listening = 0
// Their lines would come before all are there.
cluster.setupPrimary({ exec: fileURLToPath(new URL('net.js', import.meta.url)), silent: true })
cluster.on('listening', (_worker, { address, port }) => {
  listening += 1
  if (listening === count) console.log(`listening ${address}:${port}`)
})
for (let n = 0; n < count; n += 1) cluster.fork()
