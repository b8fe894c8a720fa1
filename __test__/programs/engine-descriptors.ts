/**
 * A server in a process that may have few descriptors. Answers each message with what it counted;
 * messages: `hoard` and `free` all descriptors that are left, `measure` the CPU that a while costs,
 * `connect` to a port, `say` something there, `end`.
 */
import { closeSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Engine, type Socket } from 'mio-js/engine'

interface Message {
  what: 'hoard' | 'free' | 'measure' | 'connect' | 'say' | 'count' | 'end'
  port?: number
}

const { io, ...options } = JSON.parse(process.argv[2] ?? '') as { io: 'inline' }
const engine = new Engine({ io })
const server = engine.listen({
  hostname: '127.0.0.1',
  firstByteTimeout: 0,
  ...options,
  socket: {
    data: (socket, chunk) => {
      socket.write(chunk)
    },
  },
})
const hoard: number[] = []
let client: Socket | undefined

/** Microseconds of CPU during 300 ms. */
async function measure(): Promise<number> {
  const before = process.cpuUsage()
  await setTimeout(300)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

async function obey({ what, port }: Message): Promise<number | undefined> {
  switch (what) {
    case 'hoard': {
      try {
        for (;;) hoard.push(openSync('/dev/null', 'r'))
      } catch (error) {
        return (error as NodeJS.ErrnoException).errno
      }
    }
    case 'free': {
      for (const fd of hoard.splice(0)) closeSync(fd)
      return undefined
    }
    case 'measure': {
      return measure()
    }
    case 'connect': {
      client = await engine.connect({ hostname: '127.0.0.1', port: port! })
      return undefined
    }
    case 'say': {
      client?.write('still here')
      return undefined
    }
    case 'end': {
      await engine.close()
      process.disconnect()
      return undefined
    }
    default: {
      return undefined
    }
  }
}

async function answer(message: Message): Promise<void> {
  const value = await obey(message)
  const { connections, port } = server
  if (process.connected) process.send?.({ value, connections, port, ...server.stats() })
}

process.on('message', (message: Message) => {
  void answer(message)
})
