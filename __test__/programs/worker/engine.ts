/**
 * A worker with an engine, in one of several situations; says 'ready' when it is there. The port, if
 * it needs one, is where somebody listens.
 */
import { Engine, type Handlers } from 'mio-js/engine'
import { ready, situation, unknown } from './situation.js'

const { io, what, port } = situation
const hostname = '127.0.0.1'
const engine = new Engine({ io, threads: 2 })

/** Both ends of some connections, which never stop to send. */
function flood(): void {
  const bytes = Buffer.alloc(64 * 1024)
  const socket: Handlers = {
    open: (self) => self.write(bytes),
    data: (self, chunk) => self.write(chunk),
  }
  const server = engine.listen({ hostname, socket })
  for (let n = 0; n < 4; n += 1)
    engine.connect({ hostname, port: server.port!, socket }).catch(() => {})
}

switch (what) {
  case 'idle': {
    ready()
    break
  }
  case 'listen': {
    ready(engine.listen({ hostname }).port)
    break
  }
  case 'connect': {
    for (let n = 0; n < 20; n += 1) void engine.connect({ hostname, port })
    ready()
    break
  }
  case 'handler': {
    const socket = {
      open() {
        ready()
        for (;;);
      },
    }
    void engine.connect({ hostname, port, socket })
    break
  }
  case 'begin': {
    ready()
    flood()
    break
  }
  case 'flood': {
    flood()
    const { bytesRead } = engine.stats()
    const timer = setInterval(() => {
      if (engine.stats().bytesRead - bytesRead < 1_000_000) return
      clearInterval(timer)
      ready()
    }, 1)
    break
  }
  case 'close': {
    flood()
    setImmediate(() => {
      void engine.close()
      ready()
    })
    break
  }
  case 'exit in a handler': {
    const socket = { open: () => process.exit(0) }
    void engine.connect({ hostname, port, socket })
    break
  }
  case 'throw in a handler': {
    const socket = {
      open() {
        throw new Error('ends the worker')
      },
    }
    void engine.connect({ hostname, port, socket })
    break
  }
  case 'echo': {
    const server = engine.listen({
      hostname,
      socket: { data: (socket, chunk) => socket.end(chunk) },
    })
    void engine.connect({
      hostname,
      port: server.port!,
      socket: {
        open: (socket) => socket.write('echo'),
        data: (_, chunk) => ready(String(chunk)),
        // Nothing is left open then, and the worker ends by itself.
        close: () => server.close(),
      },
    })
    break
  }
  default: {
    unknown()
  }
}
