/** Whatever comes as fast as it can: connections, bytes, datagrams. */
import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { Datagrams, UdpSocket } from 'mio-js'

export interface Burst {
  /** Connections that the server has ended after everything that was sent to it. */
  readonly ended: number
  /** Connections that failed. */
  readonly failed: number
  /** Bytes that were sent on all of them. */
  readonly sent: number
}

/** Connects, sends, and ends, with so many at a time, for so many milliseconds. */
export async function burst(
  port: number,
  message: Buffer,
  { atOnce, duration }: { atOnce: number; duration: number },
): Promise<Burst> {
  const outcome = { ended: 0, failed: 0, sent: 0 }
  const end = performance.now() + duration
  const one = async (): Promise<void> =>
    new Promise((resolve) => {
      const socket = net.connect({ port, host: '127.0.0.1' })
      let isEnded = false
      socket.once('connect', () => {
        outcome.sent += message.length
        socket.end(message)
      })
      socket.once('end', () => (isEnded = true))
      socket.on('error', () => {})
      socket.once('close', () => {
        if (isEnded) outcome.ended += 1
        else outcome.failed += 1
        resolve()
      })
      socket.resume()
    })
  const lane = async (): Promise<void> => {
    while (performance.now() < end) await one()
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return outcome
}

/** Connections that send all the time, whatever comes back. */
export class Flood {
  readonly #sockets: net.Socket[] = []

  constructor(port: number, count: number, isReading: boolean) {
    const bytes = Buffer.alloc(65_536, 'f')
    for (let n = 0; n < count; n += 1) {
      const socket = net.connect({ port, host: '127.0.0.1' })
      const send = (): void => {
        while (socket.write(bytes));
      }
      socket.on('error', () => {})
      socket.on('drain', send)
      socket.once('connect', send)
      if (isReading) socket.resume()
      this.#sockets.push(socket)
    }
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** Sends datagrams for so many milliseconds; how many. */
export async function floodDatagrams(port: number, duration: number): Promise<number> {
  const socket = UdpSocket.bind('127.0.0.1:0')
  const datagrams = new Datagrams({ count: 64, size: 64 })
  for (let n = 0; n < 64; n += 1) datagrams.set(n, Buffer.alloc(64), `127.0.0.1:${port}`)
  const end = performance.now() + duration
  let sent = 0
  while (performance.now() < end) {
    for (let calls = 0; calls < 16; calls += 1) sent += socket.sendMany(datagrams) ?? 0
    await setImmediate()
  }
  socket.close()
  return sent
}
