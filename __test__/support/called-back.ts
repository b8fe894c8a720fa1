/** Sockets of `mio-js/net` whose engine has bytes that were called back and the system has no room for. */
import { setImmediate } from 'node:timers/promises'
import type { Engine } from 'mio-js/engine'
import type { Socket } from 'mio-js/net'
import { until } from './until.js'

const chunk = Buffer.from(Array.from({ length: 10_007 }, (_, index) => (index * index) % 251))

/** What is written, in order, as far as anybody needs to know. */
export function expected(length: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(length / chunk.length) }, () => chunk))
}

/**
 * Writes until the engine has bytes that were called back and that the system does not take, and one
 * write more that is not called back. The peer must not read, and the engine serve nobody else.
 * Returns the number of bytes that were called back.
 */
export async function fill(socket: Socket, engine: Engine): Promise<number> {
  const bytes = { called: 0, written: 0 }
  const isCalled = (): boolean => bytes.called === bytes.written
  const isStuck = (): boolean => !isCalled() && engine.stats().bytesWritten < bytes.called
  for (;;) {
    bytes.written += chunk.length
    socket.write(chunk, (error) => {
      if (!error) bytes.called += chunk.length
    })
    do {
      await until('it is called back or waits', () => isCalled() || isStuck())
      // The system may find room.
      for (let turn = 0; turn < 1000 && !isCalled(); turn += 1) await setImmediate()
    } while (!isCalled() && !isStuck())
    if (!isCalled()) return bytes.called
  }
}
