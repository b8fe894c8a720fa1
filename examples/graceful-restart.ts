/**
 * A server that is replaced by a newer one of itself without losing a connection. The process that is
 * started holds the listening socket and never accepts; a child does, by the same descriptor. On SIGHUP
 * a new child is started, and once it accepts, the old one takes no more and ends with its last client:
 * in between the queue of the socket belongs to both. A child that does not start changes nothing, and
 * one that crashes is replaced, while clients wait in the queue.
 *
 * Listens on HOST:PORT, by default 127.0.0.1:7000. SIGTERM ends all. Not on Windows, which has no
 * descriptors to inherit.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { TcpListener } from 'mio-js'
import { type Socket, listen } from 'mio-js/engine'

/** Where the child finds the socket; 0 to 2 are the standard streams, 3 is the channel to its parent. */
const DESCRIPTOR = 4
/** Milliseconds between a crash and the next child. */
const PAUSE = Number(process.env['RESTART_MS'] ?? 500)

function supervise(): void {
  const { HOST = '127.0.0.1', PORT = '7000' } = process.env
  const listener = TcpListener.bind({ address: HOST, port: Number(PORT) }, { backlog: 4096 })
  console.log(`listening on ${listener.localAddr()}`)
  let current: ChildProcess | undefined
  let next: ChildProcess | undefined
  let isStopping = false

  function start(): void {
    // One at a time: whoever asks while a child starts gets that one.
    if (next !== undefined || isStopping) return
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc', listener.asRawFd()] as const
    const env = { ...process.env, GRACEFUL_RESTART_CHILD: '1' }
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
      stdio: [...stdio],
      env,
    })
    next = child
    child.once('message', () => {
      console.log(`${child.pid} accepts`)
      current?.kill('SIGTERM')
      current = child
      next = undefined
    })
    child.once('error', (error) => console.error(error.message))
    child.once('close', (code, signal) => {
      console.log(`${child.pid} has ended: ${signal ?? code}`)
      if (child === next) next = undefined
      if (child === current) current = undefined
      // It has crashed. Who comes meanwhile waits in the queue.
      if (current === undefined && !isStopping) setTimeout(start, PAUSE)
    })
  }

  start()
  process.on('SIGHUP', start)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isStopping = true
      listener.close()
      const children = [current, next]
      current = undefined
      for (const child of children) child?.kill('SIGTERM')
    })
  }
}

/** The service itself: here, an echo that says who it is. */
function serve(): void {
  const sockets = new Set<Socket>()
  const server = listen({
    fd: DESCRIPTOR,
    socket: {
      open(socket) {
        sockets.add(socket)
        socket.write(`${process.pid}\n`)
      },
      data(socket, chunk) {
        if (!socket.write(chunk)) socket.pause()
      },
      drain: (socket) => socket.resume(),
      close: (socket) => sockets.delete(socket),
    },
  })
  process.send?.('ready')
  process.once('SIGTERM', () => {
    // What was accepted is served to its end. A protocol that can would tell its clients now.
    void server.close()
    process.disconnect?.()
  })
  // Ctrl+C reaches the whole group, and the supervisor says what to do.
  process.on('SIGINT', () => {})
  // Without its supervisor it would be in the way of the next one.
  process.once('disconnect', () => void server.close())
}

if (process.env['GRACEFUL_RESTART_CHILD'] === undefined) supervise()
else serve()
