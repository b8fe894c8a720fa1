/** Listening, and what is to be seen of it, whichever module the server is of. */
import type { Server } from 'node:net'
import type { World } from './net-world.js'

type Listen = (...args: unknown[]) => Server

/** What one looks at when a server listens, or does not. */
export function about(world: World, server: Server): unknown {
  const address = server.address()
  const { _connectionKey: key, _pipeName: name } = server as Server & {
    _connectionKey?: string
    _pipeName?: string
  }
  if (typeof address === 'object' && address !== null) world.log.maskPort(address.port)
  return [address, server.listening, key, name]
}

/** Calls listen, and says what comes of it. */
export async function attempt(world: World, ...args: unknown[]): Promise<void> {
  const server = world.createServer()
  const { log } = world
  const names = ['listening', 'error', 'close']
  const over = new Promise<void>((resolve) => {
    for (const name of names) {
      server.on(name, (...given) => {
        log.add('server', name, given, about(world, server))
        resolve()
      })
    }
  })
  try {
    const returned = (server.listen as Listen)(...args)
    log.add('server', 'returns', returned === server, about(world, server))
  } catch (error) {
    log.add('server', 'throws', error, about(world, server))
    return
  }
  await over
  if (!server.listening) return
  const accepted = world.next(server, 'connection')
  const client = world.connect(world.at(server))
  await Promise.all([accepted, world.next(client, 'connect')])
  client.destroy()
}
