/**
 * What of an engine keeps a process alive. Each case begins something and returns what ends it,
 * which happens after a while if the process is still alive then. Prints the cases in which it was.
 */
import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { TcpListener } from 'mio-js'
import { Engine, type Server, type Socket } from 'mio-js/engine'
import type { Connection } from '#src/engine/connection.js'
import { machineOf } from '#src/engine/engine.js'
import { connectOptionsOf } from '#src/engine/initial-options.js'
import { openConnection } from '#src/engine/open-connection.js'
import { Field, clientDeadlines, newNumbers, settingsOf } from '#src/engine/options.js'
import { failure } from '#src/errors.js'
import { long } from '../support/patience.js'

const io = process.argv[2] as 'inline'
const options = { hostname: '127.0.0.1' }

/** What would be closed, with a warning, if it were collected while a case still runs. */
const held: object[] = []

/** A server of Node that keeps nothing alive. */
async function elsewhere(): Promise<{ hostname: string; port: number }> {
  const server = net.createServer((socket) => socket.unref().on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return { ...options, port: (server.address() as AddressInfo).port }
}

/** Makes a connection to the server that keeps nothing alive on this side. */
async function visit(listen: (opened: () => void) => Server): Promise<Server> {
  let opened = (): void => {}
  const visited = new Promise<void>((resolve) => (opened = resolve))
  const server = listen(() => {
    opened()
  })
  const client = net.connect(server.port!, '127.0.0.1').unref()
  client.on('error', () => {})
  await visited
  return server
}

/** The port of a listener with which a connect stays in progress, where the system lets clients wait. */
async function full(): Promise<number> {
  // Its queue has room for two.
  const listener = TcpListener.bind('127.0.0.1:0', { backlog: 1 })
  held.push(listener)
  const { port } = listener.localAddr()
  for (let n = 0; n < 2; n += 1) {
    const client = net.connect(port, '127.0.0.1')
    await once(client, 'connect')
    client.unref()
  }
  return port
}

/** One attempt to connect, and no more. */
function attempt(engine: Engine, port: number): Connection {
  const numbers = newNumbers()
  const settings = settingsOf({}, clientDeadlines, numbers)
  numbers[Field.PORT] = port
  const connection = openConnection(
    machineOf(engine),
    new AsyncResource('MIO_SOCKET'),
    settings,
    numbers,
    connectOptionsOf({}, numbers),
    '127.0.0.1',
    '',
    { connected: () => {}, failed: () => {} },
  )
  if (typeof connection === 'number') throw failure(connection, 'connect')
  return connection
}

/** A socket that was unref'd, and then closed. */
async function goneUnrefed(engine: Engine): Promise<Socket> {
  const to = await elsewhere()
  // Nothing else keeps the process alive until the close.
  const timer = setInterval(() => {}, 1000)
  return new Promise((resolve) => {
    void engine.connect({
      ...to,
      socket: {
        open: (socket) => socket.unref().terminate(),
        close(socket) {
          clearInterval(timer)
          resolve(socket)
        },
      },
    })
  })
}

type Case = (engine: Engine) => Promise<() => unknown> | (() => unknown)

const cases: Record<string, Case> = {
  'an engine': () => () => {},
  'a server': (engine) => {
    const server = engine.listen(options)
    return () => server.close()
  },
  'an unrefed server': (engine) => {
    const server = engine.listen(options).unref()
    return () => server.close()
  },
  'a server that was unrefed and refed': (engine) => {
    const server = engine.listen(options).unref().unref().ref().ref()
    return () => server.unref()
  },
  'a closed server': async (engine) => {
    const server = engine.listen(options)
    await server.close()
    server.ref()
    return () => server.unref()
  },
  'one server of two': (engine) => {
    engine.listen(options).unref()
    const server = engine.listen(options)
    return () => server.unref()
  },
  'an accepted socket of an unrefed server': async (engine) => {
    const server = await visit((open) => engine.listen({ ...options, socket: { open } }))
    server.unref()
    return () => {
      server.closeNow()
    }
  },
  'an accepted socket of a closed server': async (engine) => {
    const server = await visit((open) => engine.listen({ ...options, socket: { open } }))
    void server.close()
    return () => {
      server.closeNow()
    }
  },
  'a connect in progress': async (engine) => {
    const port = await full()
    const controller = new AbortController()
    void engine.connect({ ...options, port, signal: controller.signal }).catch(() => {})
    return () => {
      controller.abort()
    }
  },
  'a connected socket': async (engine) => {
    const socket = await engine.connect(await elsewhere())
    return () => {
      socket.close()
    }
  },
  'a paused socket': async (engine) => {
    const socket = await engine.connect(await elsewhere())
    socket.pause()
    return () => {
      socket.terminate()
    }
  },
  'an unrefed connect in progress': async (engine) => {
    const connection = attempt(engine, await full())
    connection.release()
    return () => {
      connection.terminate()
    }
  },
  'a connect in progress that was unrefed and refed': async (engine) => {
    const connection = attempt(engine, await full())
    connection.release()
    connection.hold()
    return () => {
      connection.terminate()
    }
  },
  'an unrefed socket': async (engine) => {
    const socket = await engine.connect(await elsewhere())
    socket.unref().unref()
    return () => {
      socket.terminate()
    }
  },
  'a socket that was unrefed and refed': async (engine) => {
    const socket = await engine.connect(await elsewhere())
    socket.unref().unref().ref().ref()
    return () => socket.unref()
  },
  'one socket of two': async (engine) => {
    const to = await elsewhere()
    const first = await engine.connect(to)
    first.unref()
    const second = await engine.connect(to)
    return () => second.unref()
  },
  'an accepted socket that was unrefed when it opened': async (engine) => {
    const server = await visit((opened) =>
      engine.listen({
        ...options,
        socket: {
          open(socket) {
            socket.unref()
            opened()
          },
        },
      }),
    )
    server.unref()
    return () => {
      server.closeNow()
    }
  },
  'a socket that was refed when it was closed': async (engine) => {
    const closed = await goneUnrefed(engine)
    closed.ref()
    return () => closed.unref()
  },
  'a socket beside one that was closed while it was unrefed': async (engine) => {
    await goneUnrefed(engine)
    const socket = await engine.connect(await elsewhere())
    return () => socket.unref()
  },
  'a detached socket': async (engine) => {
    const socket = await engine.connect(await elsewhere())
    await socket.detach()
    return () => {}
  },
  'a socket that was refused': async (engine) => {
    await engine.connect({ ...options, port: 1, timeout: 60_000 }).catch(() => {})
    return () => {}
  },
  'a closed engine': async (engine) => {
    engine.listen(options)
    await engine.connect(await elsewhere())
    await engine.close()
    return () => {}
  },
}

const kept: string[] = []
const names = Object.keys(cases)[Symbol.iterator]()
let current: string | undefined
let timer: NodeJS.Timeout | undefined

async function begin(name: string): Promise<void> {
  const engine = new Engine({ io, threads: 2 })
  held.push(engine)
  const end = await cases[name]!(engine)
  // It keeps nothing alive itself.
  timer = setTimeout(() => {
    kept.push(name)
    end()
  }, long(50)).unref()
  current = undefined
}

/** Nothing keeps the process alive any more. */
process.on('beforeExit', () => {
  clearTimeout(timer)
  if (current !== undefined) console.log(`${current} could not begin`)
  current = names.next().value
  // It comes again only if there was something to do.
  if (current !== undefined) setImmediate(begin, current)
})
process.once('exit', () => {
  console.log(kept.join('\n'))
})
