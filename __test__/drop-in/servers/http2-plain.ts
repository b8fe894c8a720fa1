import { createServer } from 'node:http2'
import { http2 as ours } from 'mio-js/http'
import { answer } from './routes.ts'
import { type Running, running } from './running.ts'

export async function listen(door: string): Promise<Running> {
  const make = door === 'register' ? createServer : ours.createServer
  return running(make(answer as never).listen(0, '127.0.0.1') as never)
}
