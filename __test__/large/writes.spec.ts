/** Writes of more than 2 and 4 GiB: all bytes, in order, by each door. */
import { constants } from 'node:buffer'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { Interest, Poll, Shutdown, type TcpStream, Token, Events } from 'mio-js'
import { connect, createServer } from 'mio-js/net'
import '../support/census.js'
import { deferred, underEachDriver } from '../support/engine.js'
import { pair } from '../support/sockets.js'

/** A period that no block of any size fits, so that bytes that are lost or moved are seen. */
const period = 65_521

const pattern = Buffer.alloc(period * 64)
for (let at = 0; at < pattern.length; at += 1) pattern[at] = ((at % period) * 31) & 0xff

/** So many bytes of the pattern. */
function bytesOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  bytes.fill(pattern.subarray(0, period))
  return bytes
}

/** Checks what comes against the pattern, and counts it. */
class Checker {
  received = 0
  isRight = true

  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const start = (this.received + at) % period
      const length = Math.min(chunk.length - at, pattern.length - start)
      const expected = pattern.subarray(start, start + length)
      if (expected.compare(chunk, at, at + length) !== 0) this.isRight = false
      at += length
    }
    this.received += chunk.length
  }
}

const odd = 2 ** 31 + 1

/** Writes by `write` until all is sent, and reads at the other end; both by one Poll. */
async function transfer(
  t: ExecutionContext,
  total: number,
  write: (stream: TcpStream, sent: number) => number | null,
): Promise<void> {
  const [from, to] = await pair(t)
  const poll = new Poll()
  const events = Events.withCapacity(4)
  poll.registry.register(from, Token(0), Interest.WRITABLE)
  poll.registry.register(to, Token(1), Interest.READABLE)
  const checker = new Checker()
  const buffer = Buffer.alloc(1 << 20)
  let sent = 0
  let largest = 0
  while (checker.received < total) {
    await poll.pollAsync(events)
    while (sent < total) {
      const count = write(from, sent)
      if (count === null) break
      sent += count
      largest = Math.max(largest, count)
      if (sent === total) from.shutdown(Shutdown.Write)
    }
    to.readAll(buffer, (count) => checker.take(buffer.subarray(0, count)))
  }
  poll.close()
  t.is(checker.received, total)
  t.true(checker.isRight)
  t.log(`at most ${largest} bytes at once`)
}

test('a Poll: a write of 2 GiB and a byte is taken in parts', async (t) => {
  const bytes = bytesOf(odd)
  await transfer(t, odd, (stream, sent) => stream.write(bytes, sent))
})

test('a Poll: a vectored write of 4 GiB is taken in parts', async (t) => {
  const half = bytesOf(period * 32_768)
  const total = half.length * 2
  t.true(total > 2 ** 32 - 2 ** 20)
  await transfer(t, total, (stream, sent) => {
    const [first, second] = [Math.min(sent, half.length), Math.max(sent - half.length, 0)]
    return stream.writeVectored([half.subarray(first), half.subarray(second)])
  })
})

const lengths = [odd, ...(constants.MAX_LENGTH > 2 ** 32 + 1 ? [2 ** 32 + 1] : [])]

for (const length of lengths) {
  underEachDriver(`a write of ${length} bytes arrives`, async (t, make) => {
    const engine = make({ maxPendingTotal: Infinity })
    const checker = new Checker()
    const [ended, closed] = [deferred(), deferred<Error | undefined>()]
    const server = engine.listen({
      hostname: '127.0.0.1',
      idleTimeout: Infinity,
      socket: { data: (_, chunk) => checker.take(chunk), end: () => ended.resolve() },
    })
    const socket = await engine.connect({
      hostname: '127.0.0.1',
      port: server.port!,
      maxPending: Infinity,
      socket: { close: (_, error) => closed.resolve(error) },
    })
    socket.write(bytesOf(length))
    t.is(socket.bufferedAmount, length)
    socket.end()
    await Promise.race([ended.promise, closed.promise])
    t.is(checker.received, length)
    t.true(checker.isRight)
    t.is(await closed.promise, undefined)
    t.is(socket.bytesWritten, length)
  })

  underEachDriver(`a write of ${length} bytes to a stream arrives`, async (t, make) => {
    const engine = make({ maxPendingTotal: Infinity })
    const checker = new Checker()
    const ended = deferred()
    const server = createServer({ engine }, (socket) => {
      socket.on('data', (chunk) => checker.take(chunk as Buffer))
      socket.on('end', ended.resolve)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const client = connect({ engine, port, host: '127.0.0.1' }).resume()
    client.end(bytesOf(length))
    await Promise.race([
      ended.promise,
      once(client, 'error').then(([error]) => t.fail(String(error))),
    ])
    t.is(checker.received, length)
    t.true(checker.isRight)
    server.close()
    await once(server, 'close')
    t.is(client.bytesWritten, length)
  })
}
