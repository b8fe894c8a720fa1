/**
 * Writes to peers that are gone, with SIGPIPE as a program of C has it: it would end the process.
 * Prints whether it is so, and the code of each error.
 */
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Shutdown, TcpListener, TcpStream, pipe } from 'mio-js'

// Node ignores it from the start; when the last handler is taken away, it is as it was by default.
const handler = (): void => {}
process.on('SIGPIPE', handler).off('SIGPIPE', handler)
const ignored = /^SigIgn:\t(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
const isDefault = (Number.parseInt(ignored.slice(-4), 16) & 0x10_00) === 0

function codeOf(operation: () => unknown): unknown {
  try {
    return operation()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

const [sender, receiver] = pipe()
receiver.close()

const server = TcpListener.bind('127.0.0.1:0')
const stream = TcpStream.connect(server.localAddr())
while (!stream.finishConnect()) await setImmediate()
stream.shutdown(Shutdown.Write)

const bytes = Buffer.from('x')
const codes = [sender, stream].flatMap((end) => [
  codeOf(() => end.write(bytes)),
  codeOf(() => end.writeVectored([bytes])),
])
for (const source of [sender, stream, server]) source.close()
const { SigPnd, SigBlk } = Object.fromEntries(
  readFileSync('/proc/thread-self/status', 'utf8')
    .split('\n')
    .map((line) => line.split(':\t')),
) as Record<string, string>
console.log(JSON.stringify({ isDefault, codes, pending: Number(`0x${SigPnd}`), blocked: SigBlk }))
