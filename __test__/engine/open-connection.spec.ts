/** One attempt to connect, as what is built on the engine makes them. */
import { AsyncResource } from 'node:async_hooks'
import type { Engine } from 'mio-js/engine'
import '../support/census.js'
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
