import { createHook, executionAsyncId, triggerAsyncId } from 'node:async_hooks'
import type { ExecutionContext } from 'ava'
import '../support/census.js'
import { linked, noise, turn } from '../support/engine-sockets.js'
import { underEachDriverWhere } from '../support/engine.js'
import { isNode } from '../support/runtime.js'
import { until } from '../support/until.js'

const underEachDriverOfNode = underEachDriverWhere(
  isNode,
  'the hooks of Bun are never called, and those of Deno know no triggers',
)

/** Notes what async_hooks tells of this package's resources. */
function watch(t: ExecutionContext): {
  inits: Map<number, string>
  gone: Set<number>
  depth: () => number
} {
  const inits = new Map<number, string>()
  const gone = new Set<number>()
  let depth = 0
  const hook = createHook({
    init(id, type) {
      if (type.startsWith('MIO_')) inits.set(id, type)
    },
    before(id) {
      if (inits.has(id)) depth += 1
    },
    after(id) {
      if (inits.has(id)) depth -= 1
    },
    destroy(id) {
      gone.add(id)
    },
  }).enable()
  t.teardown(() => hook.disable())
  return { inits, gone, depth: () => depth }
}

underEachDriverOfNode(
  'async_hooks see a resource for each connection, until it is gone',
  async (t, make) => {
    const { inits, gone, depth } = watch(t)
    const engine = make()
    const ids = new Set<number>()
    const note = (): void => {
      ids.add(executionAsyncId())
      t.is(inits.get(executionAsyncId()), 'MIO_SOCKET')
      t.is(depth(), 1)
    }
    const all = { open: note, data: note, end: note, close: note }
    const ofServer = {
      ...all,
      data() {
        note()
        // It was the server that brought it about.
        t.is(inits.get(triggerAsyncId()), 'MIO_SERVER')
      },
    }
    // In a function of its own, which leaves no reference behind.
    const connection = async (): Promise<void> => {
      const { client, accepted: other } = await linked(engine, ofServer, all)
      client.socket.write(noise(10))
      other.socket.write(noise(10))
      await Promise.all([client.has(10), other.has(10)])
      client.socket.end()
      await Promise.all([client.saw('close'), other.saw('close')])
    }
    for (let n = 1; n <= 3; n += 1) {
      await connection()
      t.is(ids.size, 2 * n)
    }
    t.is(depth(), 0)
    await engine.close()
    await until('all are collected', async () => {
      globalThis.gc!()
      await turn()
      return [...ids].every((id) => gone.has(id))
    })
  },
)

underEachDriverOfNode(
  'a handler that fills the stack can catch that, also with async_hooks',
  async (t, make) => {
    watch(t)
    let caught = 0
    const dive = (): number => dive() + 1
    const { client, accepted: other } = await linked(make(), {
      data(socket, chunk) {
        try {
          dive()
        } catch (error) {
          if (error instanceof RangeError) caught += 1
        }
        socket.write(chunk)
      },
    })
    for (let n = 1; n <= 5; n += 1) {
      client.socket.write('x')
      await client.has(n)
    }
    t.is(caught, 5)
    t.is(other.received, 5)
  },
)
