import { createContext, runInContext } from 'node:vm'
import { type Resizable, type View, detach, resizable } from '../support/bytes.js'
import '../support/census.js'
import { accepted, linked, noise, readToEnd, sameBytes } from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'

interface Memory {
  buffer: ArrayBuffer
  grow: (pages: number) => void
}

const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (options: object) => Memory }
}

/** On both sides of where a write crosses alone. */
const sizes = [1, 40, 1000, 16_383, 16_384, 300_000]

/** What a program may do to memory that it has just written. */
const mischief: Readonly<Record<string, (memory: ArrayBuffer) => void>> = {
  overwritten(memory) {
    new Uint8Array(memory).fill(0xee)
  },
  transferred(memory) {
    detach(new Uint8Array(memory))
  },
  'resized to nothing'(memory) {
    ;(memory as Resizable).resize(0)
  },
  'resized and overwritten'(memory) {
    ;(memory as Resizable).resize(memory.byteLength * 2)
    new Uint8Array(memory).fill(0xee)
  },
}

for (const [what, spoil] of Object.entries(mischief)) {
  underEachDriver(`memory may be ${what} as soon as it was written`, async (t, make) => {
    const { client, accepted: other } = await linked(make(), {}, {}, { maxPending: Infinity })
    const { socket } = client
    const expected: Buffer[] = []
    for (const [n, size] of sizes.entries()) {
      const bytes = noise(size, n + 1)
      const kept = (): Uint8Array => {
        const copy = new Uint8Array(resizable(size, size * 2))
        copy.set(bytes)
        expected.push(bytes)
        return copy
      }
      const [written, tried, corked, last] = [kept(), kept(), kept(), kept()]
      socket.write(written)
      spoil(written.buffer as ArrayBuffer)
      // The system has not even seen the large ones before them.
      const taken = socket.tryWrite(tried)
      spoil(tried.buffer as ArrayBuffer)
      expected[expected.length - 3] = bytes.subarray(0, taken)
      socket.cork(() => {
        socket.write(corked)
        spoil(corked.buffer as ArrayBuffer)
      })
      if (n < sizes.length - 1) socket.write(new DataView(last.buffer))
      else socket.end(new DataView(last.buffer))
      spoil(last.buffer as ArrayBuffer)
    }
    await other.saw('end')
    sameBytes(t, other.bytes, Buffer.concat(expected))
  })
}

underEachDriver('the memory of WebAssembly may grow as soon as it was written', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const bytes = noise(20_000)
  const memory = new WebAssembly.Memory({ initial: 1 })
  for (const size of [100, 20_000]) {
    const view = new Uint8Array(memory.buffer, 8, size)
    view.set(bytes.subarray(0, size))
    socket.write(view)
    memory.grow(1)
    new Uint8Array(memory.buffer).fill(0)
  }
  socket.end()
  sameBytes(t, await readToEnd(peer), Buffer.concat([bytes.subarray(0, 100), bytes]))
})

underEachDriver('shared memory is refused', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const growable = Reflect.construct(SharedArrayBuffer, [8, { maxByteLength: 16 }])
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })
  for (const shared of [new SharedArrayBuffer(32_768), growable, wasm.buffer]) {
    const memory = shared as ArrayBuffer
    for (const view of [
      new Uint8Array(memory),
      new Uint8Array(memory, 0, 0),
      new Int32Array(memory),
      new DataView(memory),
      new DataView(memory, 0, 0),
      Buffer.from(memory),
    ]) {
      const error = throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.write(view))
      t.true(error instanceof TypeError)
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.tryWrite(view))
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        socket.end(view)
      })
    }
  }
  t.is(socket.bytesWritten, 0)
  socket.end('untouched')
  t.is((await readToEnd(peer)).toString(), 'untouched')
})

underEachDriver('detached memory is refused', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  for (const size of [8, 32_768]) {
    const views: View[] = [new Uint8Array(size), new Float64Array(size / 8)]
    views.push(new DataView(new ArrayBuffer(size)), Buffer.allocUnsafeSlow(size))
    for (const view of views) {
      detach(view)
      throwsCode(t, 'ERR_BUFFER_DETACHED', () => socket.write(view))
      throwsCode(t, 'ERR_BUFFER_DETACHED', () => socket.tryWrite(view))
      throwsCode(t, 'ERR_BUFFER_DETACHED', () => {
        socket.end(view)
      })
    }
  }
  t.is(socket.bytesWritten, 0)
  socket.end('untouched')
  t.is((await readToEnd(peer)).toString(), 'untouched')
})

underEachDriver('a chunk can be detached, and is refused then', async (t, make) => {
  const { client, accepted: other } = await linked(make())
  for (const size of [1, 64, 65, 5000]) {
    const before = other.received
    client.socket.write(noise(size))
    await other.has(before + size)
    for (const chunk of other.chunks.splice(0)) {
      detach(chunk)
      throwsCode(t, 'ERR_BUFFER_DETACHED', () => other.socket.write(chunk))
    }
  }
  t.is(other.socket.bytesWritten, 0)
})

underEachDriver('a view follows its resizable memory until it is written', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const memory = resizable(8, 32_768)
  new Uint8Array(memory).set(Buffer.from('abcdefgh'))
  const tracking = new Uint8Array(memory, 2)
  const fixed = new Uint8Array(memory, 2, 4)
  const trackingView = new DataView(memory, 2)
  const fixedView = new DataView(memory, 2, 4)
  const all: View[] = [tracking, fixed, trackingView, fixedView]
  for (const view of all) socket.write(view)
  memory.resize(6)
  for (const view of all) socket.write(view)
  memory.resize(5)
  socket.write(tracking)
  socket.write(trackingView)
  // What has lost its memory has no bytes, as for the language itself.
  t.true(socket.write(fixed))
  t.true(socket.write(fixedView))
  t.is(socket.tryWrite(fixed), 0)
  t.is(socket.tryWrite(fixedView), 0)
  memory.resize(1)
  for (const view of all) t.true(socket.write(view))
  socket.end('|')
  t.is((await readToEnd(peer)).toString(), 'cdefghcdefcdefghcdefcdefcdefcdefcdefcdecde|')
})

underEachDriver('views of another realm are as good as any', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const realm = createContext({})
  const foreign = (code: string): View => runInContext(code, realm) as View
  const views = [
    foreign('new Uint8Array([104, 101, 108])'),
    foreign('new Uint8Array([0, 108, 111, 0]).subarray(1, 3)'),
    foreign('new Int16Array([0x2020])'),
    foreign('new DataView(new Uint8Array([119, 111]).buffer)'),
    foreign('new Uint8Array(20000).fill(46)'),
    foreign('new DataView(new Uint8Array(20000).fill(46).buffer)'),
  ]
  t.false(views[0] instanceof Uint8Array)
  for (const view of views) socket.write(view)
  socket.end(foreign('new Uint8Array([10])'))
  t.is((await readToEnd(peer)).toString(), `hello  wo${'.'.repeat(40_000)}\n`)

  const shared = foreign('new Uint8Array(new SharedArrayBuffer(1))')
  const other = await accepted(t, make())
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => other.socket.write(shared))
})

for (const room of [5000, 40_000]) {
  const title = `what a program does to its views changes no byte, nor where ${room} fit`
  underEachDriver(title, async (t, make) => {
    const highWaterMark = 3 * 20_110 + 30 + room
    const { server, socket, peer } = await accepted(t, make(), {}, { highWaterMark })
    const expected: Buffer[] = []
    const lying = (size: number): Uint8Array => {
      const bytes = noise(size, size)
      expected.push(bytes)
      const view = new Uint8Array(bytes)
      const lies = {
        length: 0,
        byteLength: 100_000,
        byteOffset: 8,
        buffer: new ArrayBuffer(100_000),
      }
      for (const [name, value] of Object.entries(lies)) Object.defineProperty(view, name, { value })
      return view
    }
    for (const size of [10, 100, 20_000]) {
      socket.write(lying(size))
      t.is(socket.tryWrite(lying(size)), size)
      socket.cork(() => socket.write(lying(size)))
    }
    t.is(server.broadcast(lying(30)), 1)
    t.is(socket.tryWrite(lying(50_000)), room)
    expected.push(expected.pop()!.subarray(0, room))
    socket.end()
    sameBytes(t, await readToEnd(peer), Buffer.concat(expected))
  })
}
