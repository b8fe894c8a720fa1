/**
 * Writes to peers that are gone, with SIGPIPE as a program of C has it: it would end the process.
 * Argument: the path of a Unix socket. Prints the code of each write.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Shutdown, TcpListener, TcpStream, UnixDatagram, UnixListener, UnixStream } from 'mio-js'

// Node ignores it from the start; when the last handler is taken away, it is as it was by default.
const handler = (): void => {}
process.on('SIGPIPE', handler).off('SIGPIPE', handler)
const ignored = /^SigIgn:\t(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
const isDefault = (Number.parseInt(ignored.slice(-4), 16) & 0x10_00) === 0

const bytes = Buffer.from('x')
const outcomes: Record<string, (string | undefined)[]> = {}

function codeOf(operation: () => unknown): string | undefined {
  try {
    operation()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

function write(name: string, stream: TcpStream | UnixStream): void {
  const operations = [() => stream.write(bytes), () => stream.writeVectored([bytes, bytes])]
  outcomes[name] = [...operations, ...operations].map(codeOf)
  stream.close()
}

const server = TcpListener.bind('127.0.0.1:0')
const client = TcpStream.connect(server.localAddr())
while (!client.finishConnect()) await delay(1)
server.accept()?.[0].close()
// The first write makes the peer say that it is gone, and is no error itself.
client.write(bytes)
while (codeOf(() => client.write(bytes)) === undefined) await delay(1)
write('tcp', client)
server.close()

const path = process.argv[2] ?? ''
const listener = UnixListener.bind(path)
const stream = UnixStream.connect(path)
listener.accept()?.[0].close()
write('unix', stream)
listener.close()

const [first, second] = UnixStream.pair()
second.close()
write('pair', first)

const [half, whole] = UnixStream.pair()
half.shutdown(Shutdown.Write)
write('shutdown', half)
whole.close()

const [sender, receiver] = UnixDatagram.pair()
sender.shutdown(Shutdown.Write)
const operations = [() => sender.send(bytes), () => sender.send(bytes, 0, 0)]
outcomes['datagram'] = [...operations, ...operations].map(codeOf)
sender.close()
receiver.close()
console.log(JSON.stringify({ isDefault, outcomes }))
