import { createServer } from 'node:https'
import { https as ours } from 'mio-js/http'
import { certified } from './certified.ts'
import { answer } from './routes.ts'
import { type Running, running } from './running.ts'

export async function listen(door: string): Promise<Running> {
  const make = door === 'register' ? createServer : ours.createServer
  return running(make(certified(), answer).listen(0, '127.0.0.1'))
}
