/** Named pipes of Windows, and what stands for them elsewhere. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { NamedPipe } from 'mio-js'
import { directory } from './engine-peers.js'
import { closing, poller, watch } from './sockets.js'

/** A name that nobody has. */
export function pipeName(): string {
  return `\\\\.\\pipe\\mio-js-${randomUUID()}`
}

/** Where a server can listen without a port: a named pipe on Windows, a Unix socket elsewhere. */
export function freePath(t: ExecutionContext): string {
  return process.platform === 'win32' ? pipeName() : join(directory(t), 'socket')
}

/** A pipe whose system calls the test makes itself. */
export interface Raw {
  readonly pipe: NamedPipe
  /** Polls until an operation says something else than not now. */
  readonly until: <T>(operation: () => T | null) => Promise<T>
  /** Closes it, and waits as the system needs it: what is under way ends first. */
  readonly close: () => void
}

/** Makes a pipe, and watches it. */
export function raw(t: ExecutionContext, make: () => NamedPipe): Raw {
  const { poll, events } = poller(t)
  const pipe = closing(t, make())
  watch(poll, pipe, 1)
  return {
    pipe,
    async until(operation) {
      const deadline = performance.now() + 10_000
      for (;;) {
        const result = operation()
        if (result !== null) return result
        if (performance.now() > deadline) throw new Error('timed out: nothing happens')
        await poll.pollAsync(events, { timeout: 100 })
      }
    },
    close() {
      pipe.close()
      poll.poll(events, 0)
    },
  }
}
