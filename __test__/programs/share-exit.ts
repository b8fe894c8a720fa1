/** Ends the main thread in one of four ways while workers take, hold and ignore shared sockets. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { TcpListener, TcpStream } from 'mio-js'
import { start } from '../support/workers.js'

const how = process.argv[2]
const listener = TcpListener.bind('127.0.0.1:0')
const { worker: deaf, ready } = start('mirror', { what: 'poll' })
const taking = new Worker(new URL('taking-worker.js', import.meta.url))
await Promise.all([ready, once(taking, 'message')])

for (let n = 0; n < 50; n += 1) {
  const client = TcpStream.connect(listener.localAddr())
  let accepted = listener.accept()
  while (accepted === null) {
    await new Promise(setImmediate)
    accepted = listener.accept()
  }
  ;(n % 2 === 0 ? deaf : taking).postMessage(accepted[0].share())
  if (n % 3 === 0) taking.postMessage(client.share())
}
if (how === 'exits') process.exit(3)
if (how === 'throws') throw new Error('an end')
await Promise.all([deaf.terminate(), taking.terminate()])
// A source on its way keeps no event loop alive.
if (how === 'forgets') TcpListener.bind('127.0.0.1:0').share()
else listener.close()
