/**
 * Writes to peers that are gone, with SIGPIPE as a program of C has it: it would end the process.
 * Argument: the path of a Unix socket. Prints the code of each write, and what is left of signals.
 */
import { readFileSync } from 'node:fs'
import {
  type Sender,
  Shutdown,
  TcpListener,
  TcpStream,
  UnixDatagram,
  UnixListener,
  UnixStream,
  pipe,
} from 'mio-js'
import { isDefault } from '../support/sigpipe.js'
import { until } from '../support/until.js'

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

function write(name: string, stream: Sender | TcpStream | UnixStream): void {
  const operations = [() => stream.write(bytes), () => stream.writeVectored([bytes, bytes])]
  outcomes[name] = [...operations, ...operations].map(codeOf)
  stream.close()
}

async function connect(server: TcpListener): Promise<TcpStream> {
  const client = TcpStream.connect(server.localAddr())
  await until('the client is connected', () => client.finishConnect())
  return client
}

const [end, receiver] = pipe()
receiver.close()
write('pipe', end)

const server = TcpListener.bind('127.0.0.1:0')
const client = await connect(server)
await until('it is accepted', () => server.acceptAll((accepted) => accepted.close()) === 1)
// The first write makes the peer say that it is gone, and is no error itself.
client.write(bytes)
await until('the peer said so', () => codeOf(() => client.write(bytes)) !== undefined)
write('tcp', client)
const silent = await connect(server)
silent.shutdown(Shutdown.Write)
write('tcp shutdown', silent)
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
write('unix shutdown', half)
whole.close()

const [sender, other] = UnixDatagram.pair()
sender.shutdown(Shutdown.Write)
const operations = [() => sender.send(bytes), () => sender.send(bytes, 0, 0)]
outcomes['datagram'] = [...operations, ...operations].map(codeOf)
sender.close()
other.close()
const { SigPnd, SigBlk } = Object.fromEntries(
  readFileSync('/proc/thread-self/status', 'utf8')
    .split('\n')
    .map((line) => line.split(':\t')),
) as Record<string, string>
console.log(
  JSON.stringify({ isDefault, outcomes, pending: Number(`0x${SigPnd}`), blocked: SigBlk }),
)
