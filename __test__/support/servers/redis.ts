/** A Redis that saves nothing, by TCP and a Unix socket. */
import path from 'node:path'
import { host, start, type Server } from './server.ts'

export const redisTools = ['redis-server'] as const

export function socketOf({ folder }: Server): string {
  return path.join(folder, 'socket')
}

export async function startRedis(): Promise<Server> {
  return start({
    command: 'redis-server',
    ready: /eady to accept connections/,
    args: (port, folder) =>
      Object.entries({
        port: `${port}`,
        bind: host,
        unixsocket: path.join(folder, 'socket'),
        dir: folder,
        save: '',
        appendonly: 'no',
      }).flatMap(([name, value]) => [`--${name}`, value]),
  })
}
