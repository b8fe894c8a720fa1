/** One attempt to connect, as what is built on the engine makes them. */
import { AsyncResource } from 'node:async_hooks'
import { closeSync } from 'node:fs'
import test from 'ava'
import { UdpSocket } from 'mio-js'
import type { Engine } from 'mio-js/engine'
import '../support/census.js'
import { native } from '#src/binding.js'
import { type Connection, State } from '#src/engine/connection.js'
import { machineOf } from '#src/engine/engine.js'
import { connectOptionsOf } from '#src/engine/initial-options.js'
import { type Attempt, openConnection } from '#src/engine/open-connection.js'
import {
  Field,
  type Numbers,
  clientDeadlines,
  newNumbers,
  settingsOf,
} from '#src/engine/options.js'
import { connectionOf } from '#src/engine/socket.js'
import { failure } from '#src/errors.js'
import { deferred, listening, soon, underEachDriver } from '../support/engine.js'
import { Journal, noting, turns } from '../support/engine-sockets.js'
import { pair } from '../support/sockets.js'
import { statOf } from '../support/raw.js'

type Outcome = Connection | { code: number; syscall: string }

interface Begun {
  connection: Connection | number
  journal: Journal
  outcome: Promise<Outcome>
  /** What the attempt was told, in order. */
  told: string[]
}

function begin(engine: Engine, address: string, prepare: (numbers: Numbers) => void): Begun {
  const journal = new Journal()
  const numbers = newNumbers()
  const settings = settingsOf({ socket: noting() }, clientDeadlines, numbers)
  const options = connectOptionsOf({}, numbers)
  prepare(numbers)
  const { promise: outcome, resolve } = deferred<Outcome>()
  const told: string[] = []
  const attempt: Attempt = {
    connected(connection) {
      told.push(`connected,${journal.story}`)
      resolve(connection)
    },
    failed(code, syscall) {
      told.push('failed')
      resolve({ code, syscall })
    },
  }
  const resource = new AsyncResource('MIO_SOCKET')
  const machine = machineOf(engine)
  const connection = openConnection(
    machine,
    resource,
    settings,
    numbers,
    options,
    address,
    '',
    attempt,
  )
  if (typeof connection !== 'number') connection.socket.data = journal
  return { connection, journal, outcome, told }
}

underEachDriver('an attempt is told of its connection before the socket opens', async (t, make) => {
  const { port } = await listening(t, (socket) => {
    socket.end('hello')
  })
  const begun = begin(make(), '127.0.0.1', (numbers) => {
    numbers[Field.PORT] = port
  })
  const { connection, journal, told } = begun
  t.deepEqual(told, [], 'never from within the call')
  if (typeof connection === 'number') {
    t.fail(`refused: ${connection}`)
    return
  }
  t.is(connection.state & State.OPENING, State.OPENING)
  t.is(connectionOf(connection.socket), connection)
  t.is(await soon(begun.outcome), connection)
  t.deepEqual(told, ['connected,'])
  await journal.saw('close')
  t.is(journal.story, 'open,data,end,close')
  t.is(journal.bytes.toString(), 'hello')
  t.deepEqual(told, ['connected,'])
})

underEachDriver('an attempt that the system refuses is told why', async (t, make) => {
  const begun = begin(make(), '127.0.0.1', (numbers) => {
    numbers[Field.PORT] = 1
  })
  const outcome = await soon(begun.outcome)
  t.true('code' in outcome)
  if ('code' in outcome) {
    const { code }: NodeJS.ErrnoException = failure(outcome.code, outcome.syscall)
    t.deepEqual([code, outcome.syscall], ['ECONNREFUSED', 'connect'])
  }
  t.is(begun.journal.story, '')
})

underEachDriver('an attempt that is given up fails without an error', async (t, make) => {
  const { port } = await listening(t, (socket) => {
    socket.on('error', () => {})
  })
  const begun = begin(make(), '127.0.0.1', (numbers) => {
    numbers[Field.PORT] = port
  })
  if (typeof begun.connection !== 'number') begun.connection.terminate()
  t.deepEqual(await soon(begun.outcome), { code: 0, syscall: '' })
  await turns()
  t.is(begun.journal.story, '')
  t.deepEqual(begun.told, ['failed'])
})

underEachDriver('what is refused at once opens nothing', async (t, make) => {
  const engine = make()
  const { connection, told } = begin(engine, 'no address', () => {})
  t.true((connection as number) < 0)
  await turns()
  t.deepEqual(told, [])
  t.is([...machineOf(engine).lanes].flatMap((lane) => [...lane.connections()]).length, 0)
})

function underUnix(...[title, body]: Parameters<typeof underEachDriver>): void {
  if (process.platform !== 'win32') underEachDriver(title, body)
  else test.skip(`${title} (descriptors are no numbers of programs here)`, () => {})
}

/** The descriptor of a socket that is bound, and its port. */
function bound(): [fd: number, port: number] {
  const numbers = newNumbers()
  const fd = native.streamBind('127.0.0.1', numbers)
  return [fd, numbers[Field.PORT] as number]
}

underUnix('a bound socket of the caller’s connects', async (t, make) => {
  let remotePort: number | undefined
  const { port } = await listening(t, (socket) => {
    ;({ remotePort } = socket)
    socket.end('hello')
  })
  const [fd, localPort] = bound()
  const { connection, journal, outcome } = begin(make(), '127.0.0.1', (numbers) => {
    numbers[Field.PORT] = port
    numbers[Field.FD] = fd
  })
  t.is(await soon(outcome), connection as Connection)
  t.is((connection as Connection).fd, fd)
  await journal.saw('close')
  t.is(journal.bytes.toString(), 'hello')
  t.is(remotePort, localPort)
  t.throws(() => statOf(fd), { code: 'EBADF' })
})

underUnix('a bound socket is closed when it cannot connect', async (t, make) => {
  const [fd] = bound()
  const { outcome } = begin(make(), '127.0.0.1', (numbers) => {
    numbers[Field.PORT] = 1
    numbers[Field.FD] = fd
  })
  const failed = await soon(outcome)
  t.true('code' in failed && failed.syscall === 'connect')
  t.throws(() => statOf(fd), { code: 'EBADF' })
})

underUnix('a descriptor that cannot connect stays the caller’s', async (t, make) => {
  const engine = make()
  const server = engine.listen({ hostname: '127.0.0.1' })
  const [stream] = await pair(t)
  const datagrams = UdpSocket.bind('127.0.0.1:0').intoRawFd()
  const connected = stream.intoRawFd()
  const [free] = bound()
  for (const [code, fd, address] of [
    ['ERR_FD_OWNED', server.fd, '127.0.0.1'],
    ['ERR_INVALID_FD_TYPE', datagrams, '127.0.0.1'],
    ['ERR_INVALID_FD_TYPE', connected, '127.0.0.1'],
    ['ERR_INVALID_ADDRESS', free, 'no address'],
    ['ERR_OUT_OF_RANGE', 1.5, '127.0.0.1'],
    ['EBADF', 2 ** 31 - 1, '127.0.0.1'],
  ] as const) {
    const { connection, told } = begin(engine, address, (numbers) => {
      numbers[Field.FD] = fd
    })
    const error: NodeJS.ErrnoException = failure(connection as number, 'connect')
    t.is(error.code, code)
    t.deepEqual(told, [])
  }
  for (const fd of [datagrams, connected, free]) closeSync(fd)
  await server.close()
})
