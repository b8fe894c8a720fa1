/**
 * What a process does with sockets of a module: `net-process.js MODULE CASE [WHICH [IO]]`, where the
 * module is `node:net` or `mio-js/net`. It prints what it sees, and ends by itself or as the case says.
 */
import { execFileSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { AsyncLocalStorage } from 'node:async_hooks'
import type core from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

const [module = '', what = '', which = '', io] = process.argv.slice(2)
if (io !== undefined) process.env['MIO_JS_IO'] = io
const net = (await import(module)) as typeof core

function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve) => {
    const server = net.createServer(onSocket)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

function connect(server: Server): Socket {
  return net.connect((server.address() as AddressInfo).port, '127.0.0.1')
}

/** Ends the process in a callback; whatever else is open. */
async function exit(): Promise<void> {
  // Where a driver is named, when that is shall be measured.
  const end = (): never => {
    if (io !== undefined) writeSync(1, String(Date.now()))
    process.exit(7)
  }
  const server = await listen((socket) => {
    if (which === 'connection') end()
    socket.on('data', (chunk) => {
      if (which === 'data') end()
      if (which !== 'timeout') socket.end(chunk)
    })
    socket.on('close', () => which === 'close' && end())
  })
  if (which === 'listening') end()
  const client = connect(server)
  for (const event of ['connect', 'end', 'finish', 'drain', 'timeout', 'lookup']) {
    client.on(event, () => event === which && end())
  }
  client.resume()
  client.setTimeout(100)
  client.once('connect', () => client.write('x', () => which === 'write' && end()))
}

/** A listener throws: it is told, and all other sockets go on. */
async function thrown(): Promise<void> {
  const seen: string[] = []
  process.on('uncaughtException', (error) => seen.push(error.message))
  const server = await listen((socket) => socket.pipe(socket))
  let open = 3
  for (const name of ['one', 'two', 'three']) {
    const client = connect(server)
    client.on('connect', () => {
      client.end(name)
    })
    client.on('data', (chunk) => {
      seen.push(`${name} has ${chunk}`)
      if (which === 'data') throw new Error(`thrown by ${name}`)
    })
    client.on('close', () => {
      open -= 1
      if (open === 0) server.close(() => console.log(seen.toSorted().join('\n')))
    })
  }
}

/** What is unref'd lets the process end, and what is ref'd does not. */
async function held(): Promise<void> {
  process.on('exit', () => console.log('the process ends'))
  const server = await listen((socket) => {
    if (which === 'both') socket.unref()
    else socket.on('data', () => server.close(() => console.log('server closed')) && socket.end())
  })
  server.unref()
  const client = connect(server)
  if (which === 'both' || which === 'early') client.unref()
  client.on('connect', () => {
    console.log('connected')
    if (which === 'early') client.ref()
    client.write('x')
  })
  client.on('close', () => console.log('client closed'))
  // Only so that there is a connection before all is let go.
  if (which === 'both') await new Promise((resolve) => client.once('connect', resolve))
}

/** Contexts of asynchronous calls, in every listener. */
async function context(): Promise<void> {
  const storage = new AsyncLocalStorage<string>()
  const seen: string[] = []
  const note = (name: string): void => {
    seen.push(`${name}: ${storage.getStore() ?? 'none'}`)
  }
  const server = await storage.run('server', async () =>
    listen((socket) => {
      note('connection')
      // Node knows of no context in what comes to an accepted socket.
      socket.on('data', () => socket.end('x'))
    }),
  )
  const client = storage.run('client', () => connect(server))
  for (const event of ['connect', 'ready', 'data', 'end', 'close'] as const) {
    client.on(event, () => note(`${event} at the client`))
  }
  storage.run('writer', () => client.write('x', () => note('write')))
  client.on('close', () => {
    server.close(() => console.log(seen.toSorted().join('\n')))
  })
}

/** How many descriptors of sockets a child has. */
async function inherited(): Promise<void> {
  const server = await listen((socket) => {
    const script = 'ls -l /proc/self/fd | grep -c socket: || true'
    console.log(
      execFileSync('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] }).toString(),
    )
    socket.destroy()
    server.close()
  })
  connect(server).resume()
}

/** Writes to a peer that has gone, with the signal for it as the system has it. */
async function written(): Promise<void> {
  const server = await listen((socket) => {
    socket.destroy()
    server.close()
  })
  const client = net.connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  client.resume()
  client.on('error', ({ code }: NodeJS.ErrnoException) => {
    console.log(code === 'EPIPE' || code === 'ECONNRESET')
  })
  client.on('end', () => {
    const write = (): void => {
      if (!client.destroyed) client.write('x', () => setImmediate(write))
    }
    write()
  })
}

/** Signals by the hundred, while bytes go around. */
async function signals(): Promise<void> {
  let count = 0
  process.on('SIGUSR2', () => (count += 1))
  const server = await listen((socket) => socket.pipe(socket))
  const client = connect(server)
  let left = 500
  client.on('data', () => {
    process.kill(process.pid, 'SIGUSR2')
    left -= 1
    if (left > 0) client.write('x')
    else client.end()
  })
  client.write('x')
  client.on('close', () => {
    server.close(() => {
      console.log(count > 0)
      process.removeAllListeners('SIGUSR2')
    })
  })
}

const cases: Record<string, () => Promise<void>> = {
  exit,
  thrown,
  held,
  context,
  inherited,
  written,
  signals,
}
await cases[what]?.()
