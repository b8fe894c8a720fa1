/**
 * Uses Unix sockets with no descriptor left: prints how each operation fails, and whether it works
 * once there are some again. Argument: a directory.
 */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { UnixDatagram, UnixListener, UnixStream } from 'mio-js'

const folder = process.argv[2] ?? ''
const listener = UnixListener.bind(`${folder}/listener`)
const client = UnixStream.connect(`${folder}/listener`)

const operations: Record<string, () => unknown> = {
  accept: () => listener.accept()?.[0],
  listen: () => UnixListener.bind(`${folder}/new`),
  connect: () => UnixStream.connect(`${folder}/listener`),
  pair: () => UnixStream.pair(),
  bind: () => UnixDatagram.bind(`${folder}/datagram`),
  unbound: () => UnixDatagram.unbound(),
  datagrams: () => UnixDatagram.pair(),
}

function outcomeOf(operation: () => unknown): unknown {
  try {
    for (const source of [operation()].flat() as UnixStream[]) source.close()
    return 'works'
  } catch (error) {
    const { code, syscall, address } = error as NodeJS.ErrnoException & { address?: string }
    return { code, syscall, address: address?.slice(folder.length) }
  }
}

function outcomes(): Record<string, unknown> {
  const entries = Object.entries(operations).map(([name, operation]) => [
    name,
    outcomeOf(operation),
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

const opened: number[] = []
try {
  for (;;) opened.push(openSync('/dev/null', 'r'))
} catch {
  // EMFILE.
}
const without = outcomes()
// One is not enough for a pair.
closeSync(opened.pop() as number)
const half = outcomeOf(() => UnixStream.pair())
for (const fd of opened) closeSync(fd)
const files = readdirSync(folder)
const before = readdirSync('/proc/self/fd').length
const after = outcomes()
const lost = readdirSync('/proc/self/fd').length - before
client.close()
listener.close()
console.log(JSON.stringify({ without, half, files, after, lost }))
