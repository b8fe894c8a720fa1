/** Every way to get at the module gives the same. */
import { createRequire } from 'node:module'
import net, { Server, Socket, connect, createConnection } from 'node:net'

const all = (await import('node:net')) as typeof net
const required = createRequire(import.meta.url)('net') as typeof net
const builtin = process.getBuiltinModule('net')
for (const other of [all, required, builtin]) {
  console.log(
    other.connect === connect,
    other.createConnection === createConnection,
    other.Socket === Socket,
    (other as unknown as { Stream: unknown }).Stream === Socket,
    other.Server === Server,
  )
}
console.log(net.Socket === Socket, createConnection === connect, Socket.name, connect.name)
