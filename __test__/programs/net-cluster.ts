/**
 * Servers of a cluster that want one port: `net-cluster.js MODULE HOW`, where HOW is `plain`,
 * `exclusive` or `reusePort`. Prints what came of each of two workers.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Server } from 'node:net'

const [module = '', how = ''] = process.argv.slice(2)

if (cluster.isPrimary) {
  const first = cluster.fork()
  const { port, outcome } = await told(first)
  const second = cluster.fork({ PORT: String(port) })
  const outcomes = [outcome, (await told(second)).outcome]
  process.stdout.write(JSON.stringify(outcomes))
  for (const worker of [first, second]) {
    const exited = once(worker, 'exit')
    worker.send('end')
    await exited
  }
} else {
  const { createServer } = (await import(module)) as { createServer: () => Server }
  const server = createServer()
  const port = Number(process.env['PORT'] ?? 0)
  server.listen({ port, host: '127.0.0.1', ...(how === 'plain' ? {} : { [how]: true }) })
  server.once('error', ({ code }: NodeJS.ErrnoException) => process.send?.({ port, outcome: code }))
  server.once('listening', () => {
    const at = server.address() as { port: number }
    process.send?.({ port: at.port, outcome: 'listens' })
  })
  await once(process, 'message')
  if (server.listening) server.close()
  process.disconnect()
}

async function told(worker: Worker): Promise<{ port: number; outcome: string }> {
  const [message] = (await once(worker, 'message')) as [{ port: number; outcome: string }]
  return message
}
