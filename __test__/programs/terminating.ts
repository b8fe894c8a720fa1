/**
 * Terminates workers that alone load the package: `terminating.js DOOR IO WHAT COUNT`. Where they only
 * begin they are met further and further on their way. Prints JSON: the longest time in milliseconds,
 * and what the process holds after the first one and at the end.
 */
import { createServer } from 'node:net'
import { held, settled, start, turns } from '../support/workers.js'

const [door = '', io = '', what = '', count = '1'] = process.argv.slice(2)

/** Takes everything. */
const open = new Set<{ destroy(): void }>()
const sink = createServer({ allowHalfOpen: true }, (socket) => {
  open.add(socket)
  socket.on('close', () => open.delete(socket))
  socket.on('error', () => {}).resume()
  socket.on('end', () => socket.end())
})
const port = await new Promise<number>((resolve) => {
  sink.listen(0, '127.0.0.1', () => resolve((sink.address() as { port: number }).port))
})

async function terminate(n: number): Promise<number> {
  const { worker, ready } = start(door, { what, io: io as 'inline', port })
  await ready
  if (what === 'begin') await turns((n * 37) % 500)
  const begin = performance.now()
  await worker.terminate()
  return performance.now() - begin
}

const times = [await terminate(0)]
const before = held()
for (let n = 1; n < Number(count); n += 1) times.push(await terminate(n))
for (const socket of open) socket.destroy()
const after = await settled(before)
process.stdout.write(JSON.stringify({ longest: Math.max(...times), before, after }))
sink.close()
