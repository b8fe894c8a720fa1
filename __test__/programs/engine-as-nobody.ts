/**
 * Tries to listen on a reserved port as a user that may not: prints how the engine fails, Node, and the
 * drop-in.
 */
import { once } from 'node:events'
import net from 'node:net'
import { Engine } from 'mio-js/engine'
import { createServer as createHttpServer } from 'mio-js/http'
import { createServer } from 'mio-js/net'
import { isBun } from '../support/runtime.js'

process.setgroups?.([])
process.setgid?.(65_534)
process.setuid?.(65_534)

function print(error: unknown): void {
  const { code, errno, syscall, address, port } = error as NodeJS.ErrnoException &
    Record<string, unknown>
  console.log(JSON.stringify({ code, errno, syscall, address, port }))
}

const engine = new Engine({ io: 'inline', threads: 2 })
try {
  engine.listen({ hostname: '127.0.0.1', port: 80 })
} catch (error) {
  print(error)
}
await engine.close()
const servers = [net.createServer(), createServer()]
if (!isBun) servers.push(createHttpServer())
for (const server of servers) {
  const failure = once(server, 'error')
  server.listen(80, '127.0.0.1')
  print((await failure)[0])
}
