import { createSecureServer } from 'node:http2'
import { http2 as ours } from 'mio-js/http'
import { certified } from './certified.ts'
import { answer } from './routes.ts'
import { type Running, running } from './running.ts'

/** It speaks HTTP/1.1 to those who do not know better. */
export async function listen(door: string): Promise<Running> {
  const make: typeof createSecureServer =
    door === 'register' ? createSecureServer : ours.createSecureServer
  const server = make({ ...certified(), allowHTTP1: true }, answer as never)
  return running(server.listen(0, '127.0.0.1') as never)
}
