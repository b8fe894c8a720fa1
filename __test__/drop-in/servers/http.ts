import { createServer } from 'node:http'
import { createServer as createOurs } from 'mio-js/http'
import { answer } from './routes.ts'
import { type Running, running } from './running.ts'

export async function listen(door: string): Promise<Running> {
  const server = door === 'register' ? createServer(answer) : createOurs(answer)
  return running(server.listen(0, '127.0.0.1'))
}
