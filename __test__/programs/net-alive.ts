/**
 * What of `net`, core's or ours, keeps a process alive. Each case begins something and returns what
 * ends it, which happens after a while if the process is still alive then. Prints the cases in which it
 * was.
 */
import { once } from 'node:events'
import core, { type AddressInfo, type Socket, type TcpNetConnectOpts } from 'node:net'
import { Worker } from 'node:worker_threads'
import { Engine, type EngineOptions } from 'mio-js/engine'
import * as ours from 'mio-js/net'
import { long } from '../support/patience.js'
import { until } from '../support/until.js'

const kind = process.argv[2] as 'core' | NonNullable<EngineOptions['io']>
const net = kind === 'core' ? core : (ours as unknown as typeof core)

/** A server that keeps nothing alive, and reads little. */
async function elsewhere(serve: (socket: Socket) => void = () => {}): Promise<TcpNetConnectOpts> {
  const server = core.createServer((socket) => {
    socket.unref().on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return placeOf(server)
}

/** The port of a server on a thread of its own, which ends when it is told something. */
async function hasty(): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer((socket) => {
      socket.once('data', () => socket.end()).on('error', () => {})
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  const [port] = (await once(worker, 'message')) as [number]
  worker.unref()
  return port
}

function placeOf(server: core.Server): TcpNetConnectOpts {
  return { ...engine(), port: (server.address() as AddressInfo).port, host: '127.0.0.1' }
}

// Held here to the end: one that is collected warns.
const shared = kind === 'core' ? {} : { engine: new Engine({ io: kind }) }

function engine(): { engine?: Engine } {
  return shared
}

async function connected(to: TcpNetConnectOpts): Promise<Socket> {
  const socket = net.connect(to)
  await once(socket, 'connect')
  return socket
}

type Case = () => Promise<Socket>

const cases: Record<string, Case> = {
  'a socket': async () => connected(await elsewhere()),
  'an unrefed socket': async () => (await connected(await elsewhere())).unref(),
  'a socket that was unrefed and refed': async () => {
    const socket = await connected(await elsewhere())
    return socket.unref().ref()
  },
  'a socket that is paused before it connects': async () => {
    const socket = net.connect(await elsewhere()).pause()
    await once(socket, 'ready')
    return socket
  },
  'a paused socket that was refed': async () => {
    const socket = net.connect(await elsewhere()).pause()
    await once(socket, 'ready')
    return socket.unref().ref()
  },
  'a paused socket that goes on': async () => {
    const socket = net.connect(await elsewhere()).pause()
    await once(socket, 'ready')
    return socket.resume()
  },
  'a paused socket whose bytes nobody takes': async () => {
    const socket = net.connect(await elsewhere((far) => far.pause())).pause()
    await once(socket, 'ready')
    socket.write(Buffer.alloc(32 << 20))
    return socket
  },
  'a paused socket whose bytes were taken': async () => {
    const socket = net.connect(await elsewhere((far) => far.resume())).pause()
    await once(socket, 'ready')
    await new Promise((resolve) => socket.write(Buffer.alloc(1 << 20), resolve))
    return socket
  },
  'a socket with more than it wants': async () => {
    const socket = await connected(await elsewhere((far) => far.write(Buffer.alloc(1 << 20))))
    await until('enough', () => socket.readableLength >= socket.readableHighWaterMark)
    return socket
  },
  'a socket whose peer has ended': async () => {
    const to = await elsewhere((far) => far.end())
    const socket = await connected({ ...to, allowHalfOpen: true })
    await once(socket.resume(), 'end')
    return socket
  },
  'a socket whose peer ends before it': async () => {
    const socket = await connected({ ...engine(), host: '127.0.0.1', port: await hasty() })
    socket.resume().write('bye')
    await new Promise(setImmediate)
    // An I/O thread has sent it by then, and knows of the end: both are told in one batch.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    const begun = endings
    return socket.end().once('close', () => {
      console.log(endings === begun ? 'its end is told' : 'its end would not have been told')
    })
  },
  'a socket that was accepted paused': async () => {
    const server = net.createServer({ ...engine(), pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = core.connect(placeOf(server)).unref()
    client.on('error', () => {})
    const [socket] = (await once(server, 'connection')) as [Socket]
    server.close()
    return socket
  },
  'a socket that is destroyed while it is unrefed': async () => {
    const socket = (await connected(await elsewhere())).unref()
    return socket.destroy().once('close', () => console.log('its close is told'))
  },
}

const kept: string[] = []
const names = Object.keys(cases)[Symbol.iterator]()
let current: string | undefined
let timer: NodeJS.Timeout | undefined
/** How often the process would have ended. */
let endings = 0

async function begin(name: string): Promise<void> {
  const socket = await cases[name]!()
  socket.on('error', () => {})
  // It keeps nothing alive itself. One turn that takes long is not the end of the process.
  let turns = 0
  timer = setInterval(() => {
    turns += 1
    if (turns < 5) return
    clearInterval(timer)
    kept.push(name)
    socket.destroy()
  }, long(10)).unref()
  current = undefined
}

/** Nothing keeps the process alive any more. */
process.on('beforeExit', () => {
  endings += 1
  clearInterval(timer)
  if (current !== undefined) console.log(`${current} could not begin`)
  current = names.next().value
  // It comes again only if there was something to do.
  if (current !== undefined) setImmediate(begin, current)
})
process.once('exit', () => {
  console.log(kept.join('\n'))
})
