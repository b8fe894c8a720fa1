/**
 * What IPv6 is where the system has none: prints, for each door and for Node, how a listen on `::1`
 * ends, one on every address, and a connect to `::1`.
 */
import { once } from 'node:events'
import core from 'node:net'
import { TcpListener, TcpStream } from 'mio-js'
import { Engine } from 'mio-js/engine'
import http from 'node:http'
import { createServer as createHttpServer } from 'mio-js/http'
import { connect, createServer } from 'mio-js/net'
import { until } from '../support/until.js'

async function outcome(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    return await attempt()
  } catch (error) {
    const { code, syscall, address } = error as NodeJS.ErrnoException & Record<string, unknown>
    return { code, syscall, address }
  }
}

/** The address at which a server listens. */
async function listening(server: core.Server, host: string | undefined): Promise<unknown> {
  server.listen(0, host)
  await once(server, 'listening')
  const { address } = server.address() as core.AddressInfo
  server.close()
  return address
}

async function connecting(dial: typeof core.connect): Promise<void> {
  const socket = dial(7000, '::1')
  await once(socket, 'connect')
}

const engine = new Engine()
const seen = {
  mirror: [
    await outcome(async () => Promise.resolve(TcpListener.bind('[::1]:0'))),
    await outcome(async () => {
      const stream = TcpStream.connect('[::1]:7000')
      return until('it is connected', () => stream.finishConnect())
    }),
  ],
  engine: [
    await outcome(async () => Promise.resolve(engine.listen({ hostname: '::1' }))),
    await outcome(async () => Promise.resolve(engine.listen({}).hostname)),
    await outcome(async () => engine.connect({ hostname: '::1', port: 7000 })),
  ],
  net: [
    await outcome(async () => listening(createServer() as never, '::1')),
    await outcome(async () => listening(createServer() as never, undefined)),
    await outcome(async () => connecting(connect as never)),
  ],
  core: [
    await outcome(async () => listening(core.createServer(), '::1')),
    await outcome(async () => listening(core.createServer(), undefined)),
    await outcome(async () => connecting(core.connect)),
  ],
  http: [
    await outcome(async () => listening(createHttpServer(), '::1')),
    await outcome(async () => listening(createHttpServer(), undefined)),
  ],
  coreHttp: [
    await outcome(async () => listening(http.createServer(), '::1')),
    await outcome(async () => listening(http.createServer(), undefined)),
  ],
}
process.stdout.write(JSON.stringify(seen))
process.exit()
