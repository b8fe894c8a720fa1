/**
 * Patches one thing after another that the engine might use, and lets it echo with
 * sockets that are open already. Arguments: where the engine runs, and `patched`, or
 * `plain` for an echo without any patch. Prints what went wrong, and which patches the engine met.
 */
import { AsyncResource } from 'node:async_hooks'
import { Engine, type EngineOptions, type Handlers, type Socket } from 'mio-js/engine'

const [, , io, what] = process.argv
const hostname = '127.0.0.1'
const engine = new Engine({ io: io as EngineOptions['io'] })
const text = 'echoed, whatever is patched'.repeat(10)
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object
const { apply, deleteProperty, ownKeys } = Reflect
const { now } = performance
const later = setTimeout
const never = clearTimeout

/** An echo that begins now; the functions have what the patches may have taken away. */
function echo(client: Socket<string[]>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = later(() => {
      reject(new Error('no echo'))
    }, 300)
    client.data.length = 0
    waiting = () => {
      let all = ''
      for (let n = 0; n < client.data.length; n += 1) all += client.data[n]
      if (all.length < text.length) return
      never(timer)
      if (all === text) resolve()
      else reject(new Error('wrong bytes'))
    }
    client.write(text)
  })
}

let waiting = (): void => {}
const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice: () => string }

const serving: Handlers = {
  data: (socket, chunk) => {
    socket.write(chunk)
  },
}
const calling: Handlers<string[]> = {
  data(socket, chunk) {
    const all = socket.data
    defineProperty(all, all.length, {
      value: apply(latin1Slice, chunk, [0, chunk.length]) as string,
      writable: true,
      configurable: true,
    })
    waiting()
  },
}

const server = engine.listen({ hostname, socket: serving })

async function dial(): Promise<Socket<string[]>> {
  const { port } = server
  return engine.connect({ hostname, port: port!, data: () => [], socket: calling })
}

const old = await dial()
const problems: string[] = []
const met = new Set<string>()

/** Echoes while a property is something else. */
async function patching(name: string, on: object, key: PropertyKey, value: unknown): Promise<void> {
  const before = getOwnPropertyDescriptor(on, key)
  const { get, set } = (value ?? {}) as PropertyDescriptor
  const isAccessor = get !== undefined || set !== undefined
  const patch = isAccessor ? { get, set } : { value, writable: true }
  // A null prototype: what is on that of objects must not make this something else.
  const descriptor = Object.assign(Object.create(null) as object, patch, { configurable: true })
  const restore = (): void => {
    if (before === undefined) deleteProperty(on, key)
    else defineProperty(on, key, before)
  }
  let isPatched = true
  const timer = later(() => {
    restore()
    isPatched = false
  }, 200)
  try {
    defineProperty(on, key, descriptor as PropertyDescriptor)
    await echo(old)
    if (!isPatched) problems.push(`${name}: only without it`)
  } catch (error) {
    restore()
    problems.push(`${name}: ${(error as Error).message}`)
  } finally {
    restore()
    never(timer)
  }
}

process.on('uncaughtException', (error) => {
  problems.push(`uncaught: ${error.message}`)
})

let isLooking = false

/** Whether the engine's own code called a patched function, and not Node's. */
function isEngines(): boolean {
  if (isLooking) return false
  isLooking = true
  const line = new Error('patched').stack?.split('\n')[3] ?? ''
  isLooking = false
  return line.includes('/dist/src/')
}

function broken(name: string, original: () => unknown): () => unknown {
  return function patched(this: unknown, ...args: unknown[]): unknown {
    if (isEngines()) {
      met.add(name)
      throw new Error(`${name} is patched`)
    }
    return apply(original, this, args)
  }
}

const prototypes: Record<string, object> = {
  Array: Array.prototype,
  Buffer: Buffer.prototype,
  TypedArray: getPrototypeOf(Uint8Array.prototype) as object,
  DataView: DataView.prototype,
  Function: Function.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  String: String.prototype,
  AsyncResource: AsyncResource.prototype,
  AbortSignal: AbortSignal.prototype,
  Math,
  Reflect,
  ArrayBuffer,
}

/** What nobody can patch, and what the engine is known to use. */
const skipped = new Set<PropertyKey>(['constructor', Symbol.iterator, Symbol.hasInstance])
/** (Bun has a function where others have an accessor, and it cannot be changed.) */
const isFixed = (object: object, key: PropertyKey): boolean =>
  getOwnPropertyDescriptor(object, key)?.configurable === false

if (what === 'plain') {
  await echo(old)
} else {
  for (const [owner, object] of Object.entries(prototypes)) {
    for (const key of ownKeys(object)) {
      const value = getOwnPropertyDescriptor(object, key)?.value as unknown
      const name = `${owner}.${String(key)}`
      if (skipped.has(key) || isFixed(object, key) || typeof value !== 'function') continue
      await patching(name, object, key, broken(name, value as () => unknown))
    }
  }
  for (const key of ['0', '1', 'index', 'length', 'port', 'path', 'socket', 'value', 'then']) {
    const set = (): void => {
      if (isEngines()) problems.push(`the setter of ${key} was called`)
    }
    await patching(`Object.prototype.${key}`, Object.prototype, key, { get: undefined, set })
    if (key !== 'value' && key !== 'length' && key !== 'then') {
      await patching(`Object.prototype.${key}`, Object.prototype, key, 'polluted')
    }
  }
  for (const key of ['0', '1', '2']) {
    await patching(`Array.prototype.${key}`, Array.prototype, key, {
      set: () => {
        if (isEngines()) problems.push(`the setter of an array's ${key} was called`)
      },
    })
  }
  for (const key of ['Buffer', 'Uint8Array', 'Map', 'Object', 'Error', 'queueMicrotask']) {
    await patching(`global ${key}`, globalThis, key, undefined)
  }
}

await echo(await dial())
console.log(JSON.stringify({ problems, met: [...met], time: now.call(performance) > 0 }))
await engine.close()
