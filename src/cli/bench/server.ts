/** An echo server that `mio-js bench` measures, in a process of its own: the name comes as argument. */
import { readFileSync } from 'node:fs'
import type { AddressInfo, Server, Socket } from 'node:net'

/** What a server says: its port, then its clocks whenever it is asked. */
export type Said = { readonly port: number } | Clocks

/** Microseconds that were used until now. */
export interface Clocks {
  /** By the JavaScript thread. */
  readonly thread: number
  /** By the whole process. */
  readonly process: number
  /** How the first is known. */
  readonly by: 'schedstat' | 'threadCpuUsage' | 'event loop'
}

// Only a client that does not read makes the server wait.
const highWaterMark = 256 * 1024

function echo(socket: Socket): void {
  socket.on('data', (chunk) => {
    if (socket.write(chunk)) return
    socket.pause()
    socket.once('drain', () => socket.resume())
  })
  socket.on('error', () => {
    // The client has ended a measurement.
  })
}

function listenOn(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

const servers: Readonly<Record<string, () => Promise<number>>> = {
  'node:net': async () => {
    const { createServer } = await import('node:net')
    return listenOn(createServer({ noDelay: true, highWaterMark }, echo))
  },
  'mio-js/net': async () => {
    const { createServer } = await import('../../net/index.ts')
    return listenOn(createServer({ noDelay: true, highWaterMark }, echo))
  },
  'mio-js/engine': async () => {
    const { listen } = await import('../../engine/index.ts')
    const server = listen({
      hostname: '127.0.0.1',
      highWaterMark,
      socket: {
        data(socket, chunk) {
          if (!socket.write(chunk)) socket.pause()
        },
        drain: (socket) => void socket.resume(),
      },
    })
    return server.port ?? 0
  },
}

type WithThread = typeof process & {
  /** Since Node 23.9. */
  threadCpuUsage?: () => NodeJS.CpuUsage
}

function clocks(): Clocks {
  const { user, system } = process.cpuUsage()
  return { ...threadClock(), process: user + system }
}

function threadClock(): Omit<Clocks, 'process'> {
  if (process.platform === 'linux') {
    const file = `/proc/self/task/${process.pid}/schedstat`
    const thread = Number(readFileSync(file, 'latin1').split(' ')[0]) / 1000
    // Kernels without statistics of the scheduler have the file, and nothing in it.
    if (thread > 0) return { thread, by: 'schedstat' }
  }
  const { threadCpuUsage } = process as WithThread
  if (threadCpuUsage !== undefined) {
    const { user, system } = Reflect.apply(threadCpuUsage, process, []) as NodeJS.CpuUsage
    return { thread: user + system, by: 'threadCpuUsage' }
  }
  return { thread: performance.eventLoopUtilization().active * 1000, by: 'event loop' }
}

const say = (said: Said): void => void process.send?.(said)

process.on('message', () => say(clocks()))
// The parent has gone, however it has.
process.on('disconnect', () => process.exit())
say({ port: (await servers[process.argv[2] ?? '']?.()) ?? 0 })
