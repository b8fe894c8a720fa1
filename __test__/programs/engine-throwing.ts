/**
 * What becomes of what handlers throw. Arguments: where the engine runs, and the case: `batch`,
 * `handlers`, `rejections`, `values`, `factory` or `unhandled`. Prints one JSON value.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Shutdown, TcpStream } from 'mio-js'
import { Engine, type EngineOptions, type Handlers, type Socket } from 'mio-js/engine'
import { long } from '../support/patience.js'

const [, , io, what] = process.argv
const engine = new Engine({ io: io as EngineOptions['io'] })
const log: string[] = []

function keep(kind: string): (reason: unknown) => void {
  return (reason) => {
    log.push(`${kind} ${reason instanceof Error ? reason.message : String(reason)}`)
  }
}

if (what !== 'unhandled') {
  process.on('uncaughtException', keep('uncaught'))
  process.on('unhandledRejection', keep('unhandled'))
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + long(10_000)
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out: ${log.join('; ')}`)
    await delay(1)
  }
}

function listen(socket: Handlers<number>, data: () => number = () => 0): number {
  const server = engine.listen<number>({ hostname: '127.0.0.1', highWaterMark: 0, data, socket })
  return server.port ?? 0
}

async function peerAt(port: number): Promise<TcpStream> {
  const peer = TcpStream.connect(`127.0.0.1:${port}`)
  await until(() => peer.finishConnect())
  return peer
}

/** All events of one connection, each of which does `fail` with its name. */
async function everyEvent(fail: (event: string) => unknown): Promise<void> {
  let isDone = false
  const port = listen({
    open(socket) {
      socket.write('x')
      socket.setTimeout(20)
      return fail('open')
    },
    data: () => fail('data'),
    drain: () => fail('drain'),
    timeout: (socket) => {
      socket.setTimeout(0)
      return fail('timeout')
    },
    end: () => fail('end'),
    close() {
      isDone = true
      return fail('close')
    },
  })
  const peer = await peerAt(port)
  const timedOut = (): boolean => log.some((line) => line.endsWith('timeout'))
  await until(timedOut)
  peer.write(Buffer.from('y'))
  peer.shutdown(Shutdown.Write)
  await until(() => isDone)
  peer.close()
  // What a promise brings comes a turn later.
  await delay(1)
}

switch (what) {
  case 'batch': {
    let number = 0
    let isDone = 0
    const sockets: Socket<number>[] = []
    const port = listen(
      {
        open: (socket) => sockets.push(socket),
        data(socket, chunk) {
          throw new Error(`data ${chunk.toString()} of ${socket.data}`)
        },
        end(socket) {
          socket.end('answer')
          throw new Error(`end of ${socket.data}`)
        },
        close(socket) {
          isDone += 1
          throw new Error(`close of ${socket.data}`)
        },
      },
      () => (number += 1),
    )
    const peers: TcpStream[] = []
    while (peers.length < 10) peers.push(await peerAt(port))
    await until(() => sockets.length === 10)
    for (const [n, peer] of peers.entries()) {
      peer.write(Buffer.from(`${n}`))
      peer.shutdown(Shutdown.Write)
    }
    await until(() => isDone === 10)
    const buffer = Buffer.alloc(10)
    for (const peer of peers) {
      log.push(`answered ${buffer.toString('latin1', 0, peer.read(buffer) ?? 0)}`)
      peer.close()
    }
    break
  }
  case 'handlers': {
    await everyEvent((event) => {
      throw new Error(event)
    })
    break
  }
  case 'rejections': {
    await everyEvent(async (event) => {
      await undefined
      throw new Error(event)
    })
    break
  }
  case 'values': {
    const values = [undefined, null, 0, '', 'text', Symbol('symbol'), 1n]
    const port = listen({
      data(_, chunk) {
        for (const byte of chunk) throw values[byte]
      },
    })
    const peer = await peerAt(port)
    for (const n of values.keys()) {
      peer.write(Buffer.from([n]))
      await until(() => log.length === n + 1)
    }
    peer.close()
    break
  }
  case 'factory': {
    let isBroken = true
    const port = listen(
      {
        open(socket) {
          log.push(`open with ${socket.data}`)
          socket.end('hello')
        },
        close: () => log.push('close'),
      },
      () => {
        if (isBroken) throw new Error('no data')
        return 5
      },
    )
    const first = await peerAt(port)
    await until(() => log.length === 1)
    let count: number | null = null
    try {
      await until(() => (count = first.read(Buffer.alloc(1))) !== null)
      log.push(`read ${String(count)}`)
    } catch (error) {
      log.push((error as NodeJS.ErrnoException).code ?? '')
    }
    isBroken = false
    const second = await peerAt(port)
    second.shutdown(Shutdown.Write)
    await until(() => log.at(-1) === 'close')
    first.close()
    second.close()
    break
  }
  case 'unhandled': {
    const port = listen({
      data() {
        throw new Error('nobody catches this')
      },
    })
    const peer = await peerAt(port)
    peer.write(Buffer.from('x'))
    await delay(20_000)
    break
  }
  default: {
    throw new Error('unknown case')
  }
}

console.log(JSON.stringify(log))
await engine.close()
