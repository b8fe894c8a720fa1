import type { ExecutionContext } from 'ava'
import { Shutdown } from 'mio-js'
import type { Engine } from 'mio-js/engine'
import '../support/census.js'
import { type Journal, type Told, accepted, linked } from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { rejectsCode, throwsCode } from '../support/errors.js'
import { streamOf } from '../support/raw.js'
import { until } from '../support/until.js'

interface Method {
  readonly call: (socket: Told) => unknown
  /** Where nothing forbids it. */
  readonly allowed: (socket: Told) => unknown
  /** After `end`, and after `close` and what is like it; as allowed if there is nothing here. */
  readonly ended?: string
  readonly closed?: string
}

const bytes = Buffer.from('bytes')
const itself = (socket: Told): unknown => socket
const nothing = (): undefined => undefined

const methods: Readonly<Record<string, Method>> = {
  write: {
    call: (socket) => socket.write(bytes),
    allowed: () => true,
    ended: 'ERR_STREAM_WRITE_AFTER_END',
    closed: 'ERR_SOCKET_CLOSED',
  },
  'write of text': {
    call: (socket) => socket.write('text'),
    allowed: () => true,
    ended: 'ERR_STREAM_WRITE_AFTER_END',
    closed: 'ERR_SOCKET_CLOSED',
  },
  'write of nothing': {
    call: (socket) => socket.write(''),
    allowed: () => true,
    ended: 'ERR_STREAM_WRITE_AFTER_END',
    closed: 'ERR_SOCKET_CLOSED',
  },
  tryWrite: {
    call: (socket) => socket.tryWrite(bytes),
    allowed: () => bytes.length,
    ended: 'ERR_STREAM_WRITE_AFTER_END',
    closed: 'ERR_SOCKET_CLOSED',
  },
  'end with bytes': {
    call: (socket) => {
      socket.end(bytes)
    },
    allowed: nothing,
    ended: 'ERR_STREAM_WRITE_AFTER_END',
    closed: 'ERR_SOCKET_CLOSED',
  },
  end: {
    call: (socket) => {
      socket.end()
    },
    allowed: nothing,
  },
  shutdown: {
    call: (socket) => {
      socket.shutdown()
    },
    allowed: nothing,
  },
  close: {
    call: (socket) => {
      socket.close()
    },
    allowed: nothing,
  },
  terminate: {
    call: (socket) => {
      socket.terminate()
    },
    allowed: nothing,
  },
  destroy: {
    call: (socket) => {
      socket.destroy()
    },
    allowed: nothing,
  },
  pause: { call: (socket) => socket.pause(), allowed: itself },
  resume: { call: (socket) => socket.resume(), allowed: itself },
  setTimeout: { call: (socket) => socket.setTimeout(1000), allowed: itself },
  setNoDelay: { call: (socket) => socket.setNoDelay(), allowed: itself },
  setKeepAlive: { call: (socket) => socket.setKeepAlive(true, 1000), allowed: itself },
  cork: { call: (socket) => socket.cork(() => 'result'), allowed: () => 'result' },
  // Which is what a getter of the state must be good for at any time.
  bufferedAmount: { call: ({ bufferedAmount }) => bufferedAmount >= 0, allowed: () => true },
}

interface State {
  /** A socket of its own for each call. */
  readonly make: (t: ExecutionContext, engine: Engine) => Promise<Journal>
  readonly kind: 'allowed' | 'ended' | 'closed'
  readonly readyState: Told['readyState']
}

const open = async (t: ExecutionContext, engine: Engine): Promise<Journal> =>
  (await accepted(t, engine)).journal

const after =
  (prepare: (socket: Told) => void): State['make'] =>
  async (t, engine) => {
    const { journal, socket } = await accepted(t, engine, {}, { allowHalfOpen: true, linger: 50 })
    prepare(socket)
    return journal
  }

const states: Readonly<Record<string, State>> = {
  open: { make: open, kind: 'allowed', readyState: 'open' },
  paused: {
    make: after((socket) => socket.pause()),
    kind: 'allowed',
    readyState: 'open',
  },
  ended: {
    make: after((socket) => {
      socket.end()
    }),
    kind: 'ended',
    readyState: 'readOnly',
  },
  'half-open': {
    async make(t, engine) {
      const { journal, peer } = await accepted(t, engine, {}, { allowHalfOpen: true })
      peer.shutdown(Shutdown.Write)
      await journal.saw('end')
      return journal
    },
    kind: 'allowed',
    readyState: 'writeOnly',
  },
  closing: {
    make: after((socket) => {
      socket.close()
    }),
    kind: 'closed',
    readyState: 'closed',
  },
  terminated: {
    make: after((socket) => {
      socket.terminate()
    }),
    kind: 'closed',
    readyState: 'closed',
  },
  destroyed: {
    make: after((socket) => {
      socket.destroy()
    }),
    kind: 'closed',
    readyState: 'closed',
  },
  'terminated while it closed': {
    make: after((socket) => {
      socket.write(bytes)
      socket.close()
      socket.terminate()
    }),
    kind: 'closed',
    readyState: 'closed',
  },
  closed: {
    async make(_, engine) {
      const { client, accepted: other } = await linked(engine)
      client.socket.close()
      await Promise.all([client.saw('close'), other.saw('close')])
      return other
    },
    kind: 'closed',
    readyState: 'closed',
  },
  'closed by an error': {
    async make(_, engine) {
      const { client, accepted: other } = await linked(engine)
      client.socket.terminate()
      await other.saw('close')
      return other
    },
    kind: 'closed',
    readyState: 'closed',
  },
  leaving: {
    async make(t, engine) {
      const journal = await open(t, engine)
      departures.push(depart(journal.socket))
      return journal
    },
    kind: 'closed',
    readyState: 'closed',
  },
}

/** What becomes of the detached sockets of a test. */
let departures: Promise<'detached' | 'closed'>[] = []

async function depart(socket: Told): Promise<'detached' | 'closed'> {
  try {
    const { fd } = await socket.detach()
    streamOf(fd).close()
    return 'detached'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_CLOSED') throw error
    return 'closed'
  }
}

for (const [name, state] of Object.entries(states)) {
  const title = `every method of a socket that is ${name} does its own, or says why not`
  underEachDriver(title, async (t, make) => {
    const engine = make()
    departures = []
    for (const [method, { call, allowed, ended, closed }] of Object.entries(methods)) {
      const journal = await state.make(t, engine)
      const { socket } = journal
      t.is(socket.readyState, state.readyState)
      const codes = { allowed: undefined, ended, closed }
      // The first call may end the socket itself.
      for (let n = 0; n < 2; n += 1) {
        const isEnded = state.kind === 'allowed' && socket.readyState !== state.readyState
        const kind = isEnded ? 'ended' : state.kind
        const code = codes[kind]
        if (code === undefined) t.is(call(socket), allowed(socket), method)
        else throwsCode(t, code, () => call(socket))
      }
      socket.terminate()
      if (name === 'leaving') continue
      await journal.saw('close')
      t.is(journal.count('close'), 1, method)
    }
    t.deepEqual(
      new Set(await Promise.all(departures)),
      new Set(name === 'leaving' ? ['closed'] : []),
    )
  })
}

underEachDriver('what is closed or leaves cannot be detached', async (t, make) => {
  const engine = make()
  for (const name of ['closing', 'terminated', 'closed', 'closed by an error', 'leaving']) {
    departures = []
    const { socket } = await states[name]!.make(t, engine)
    await rejectsCode(t, 'ERR_SOCKET_CLOSED', socket.detach())
    t.deepEqual(await Promise.all(departures), name === 'leaving' ? ['detached'] : [])
  }
})

underEachDriver(
  'a socket that the peer has reset is like an open one until that is told',
  async (t, make) => {
    const engine = make()
    for (const [method, { call }] of Object.entries(methods)) {
      const { journal: other, peer, socket } = await accepted(t, engine)
      peer.write(bytes)
      await other.has(bytes.length)
      socket.write(bytes)
      await until(
        'there is something that the peer does not read',
        () => peer.peek(Buffer.alloc(1)) === 1,
      )
      // Unread bytes make this a reset, and nothing of it can be delivered within this turn.
      peer.close()
      t.notThrows(() => call(socket), method)
      socket.resume()
      await other.saw('close')
      t.is(other.count('close'), 1)
    }
  },
)
