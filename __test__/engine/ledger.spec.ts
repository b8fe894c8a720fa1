/** No event is lost, by no driver, whatever the system needs for the next one. */
import type { Engine, Handlers, Socket } from 'mio-js/engine'
import '../support/census.js'
import { underEachDriver } from '../support/engine.js'
import { type Account, Ledger } from '../support/ledger.js'
import { freePath } from '../support/named-pipes.js'
import { until } from '../support/until.js'

const connections = 32

type Client = Socket<Account>

/** What a client does: sends as much as may be under way, and goes when all is back. */
function clientOf(ledger: Ledger, closed: (error?: Error) => void): Handlers<Account> {
  const send = (socket: Client): void => {
    const bytes = socket.data.take()
    if (bytes.length > 0) socket.write(bytes)
  }
  return {
    open: send,
    data(socket, chunk) {
      ledger.enter(socket.data, chunk)
      if (socket.data.isSettled) socket.end()
      else send(socket)
    },
    close: (_socket, error) => {
      closed(error)
    },
  }
}

for (const kind of ['a port', 'a path'] as const) {
  underEachDriver(
    `every message to ${kind} comes back, and every connection ends`,
    async (t, make) => {
      const [engine, other] = [make(), make()]
      const ledger = new Ledger(connections)
      const at = kind === 'a port' ? { hostname: '127.0.0.1' } : { path: freePath(t) }
      const ends = { opened: 0, ended: 0, closed: 0 }
      const server = engine.listen({
        ...at,
        socket: {
          open: () => void (ends.opened += 1),
          data(socket, chunk) {
            if (!socket.write(chunk)) socket.pause()
          },
          drain: (socket) => void socket.resume(),
          end: () => void (ends.ended += 1),
          close: () => void (ends.closed += 1),
        },
      })
      const to = kind === 'a port' ? { ...at, port: server.port ?? 0 } : at
      let closed = 0
      const errors: unknown[] = []
      const next = (): void => {
        const account = ledger.open()
        if (account === undefined) return
        connect(other, account).catch((error: unknown) => errors.push(error))
      }
      const connect = async (by: Engine, account: Account): Promise<void> => {
        const socket = clientOf(ledger, (error) => {
          if (error !== undefined) errors.push(error)
          closed += 1
          next()
        })
        await by.connect<Account>({ ...to, data: () => account, socket })
      }
      for (let n = 0; n < connections; n += 1) next()
      while (!ledger.isSettled() && errors.length === 0) {
        await new Promise((resolve) => {
          setTimeout(resolve, 10)
        })
      }
      t.deepEqual(errors, [])
      const { length } = ledger.accounts
      await until('all have closed', () => closed === length && ends.closed === length)
      t.deepEqual(ends, { opened: length, ended: length, closed: length })
      t.is(server.connections, 0)
      t.is(server.stats().accepted, length)
    },
  )
}
