/** What programs do with a client of HTTP that has `fetch`, whichever it is. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as later } from 'node:timers/promises'
import { bytes, lengthOfBytes } from '../servers/routes.ts'

export interface Address {
  /** Of a server of Node's, with the routes of ../servers/routes.ts. */
  readonly port: number
  /** Of the same by TLS, and the authority of its certificate. */
  readonly securePort: number
  readonly ca: string
  /** A port where nobody listens. */
  readonly nobody: number
}

/** `fetch` as `undici` and Node have it. */
type Fetch = (
  url: string,
  options?: {
    method?: string
    body?: Uint8Array | AsyncIterable<Uint8Array>
    duplex?: 'half'
    headers?: Record<string, string>
    signal?: AbortSignal
  },
) => Promise<{
  readonly status: number
  readonly body: AsyncIterable<Uint8Array> | null
  text(): Promise<string>
  arrayBuffer(): Promise<ArrayBuffer>
}>

export interface Context {
  readonly fetch: Fetch
  readonly base: string
  readonly secure: string
  readonly nobody: number
  close(): Promise<void>
}

const MIB = 1024 * 1024

export async function close(context: Context): Promise<void> {
  await context.close()
}

export const steps = {
  async 'requests that are made at once are answered each'({ fetch, base }: Context) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const response = await fetch(`${base}/echo`, { method: 'POST', body: Buffer.from(`${i}`) })
        return response.text()
      }),
    )
    assert.deepEqual(
      answers,
      Array.from({ length: 200 }, (_, i) => `${i}`),
    )
  },

  async 'one request after another finds a connection'({ fetch, base }: Context) {
    const ports = new Set<string>()
    for (let i = 0; i < 50; i += 1) {
      const response = await fetch(`${base}/port`)
      ports.add(await response.text())
    }
    assert.ok(ports.size < 10, `${ports.size} connections`)
  },

  async 'a large body is sent and comes back'({ fetch, base }: Context) {
    const body = randomBytes(8 * MIB)
    const response = await fetch(`${base}/echo`, { method: 'POST', body })
    assert.ok(body.equals(new Uint8Array(await response.arrayBuffer())))
  },

  async 'a body of unknown length is sent as it is made'({ fetch, base }: Context) {
    const hash = createHash('sha256')
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 64; i += 1) {
        const piece = randomBytes(50_000)
        hash.update(piece)
        yield piece
        if (i % 8 === 0) await later(1)
      }
    }
    const options = { method: 'POST', body: pieces(), duplex: 'half' } as const
    const response = await fetch(`${base}/hash`, options)
    const said = await response.text()
    assert.equal(said, `${64 * 50_000} ${hash.digest('hex')}`)
  },

  async 'one who reads slowly gets every byte'({ fetch, base }: Context) {
    const response = await fetch(`${base}/bytes`)
    const chunks: Uint8Array[] = []
    let count = 0
    for await (const chunk of response.body!) {
      chunks.push(chunk)
      if ((count += 1) < 50) await later(1)
    }
    const all = Buffer.concat(chunks)
    assert.equal(all.length, lengthOfBytes)
    assert.ok(all.equals(bytes(lengthOfBytes)))
  },

  async 'a response can be given up'({ fetch, base }: Context) {
    const before = Number(await (await fetch(`${base}/abandoned`)).text())
    const abort = new AbortController()
    const response = await fetch(`${base}/endless`, { signal: abort.signal })
    const reading = assert.rejects(response.text(), /abort/i)
    abort.abort()
    await reading
    let now = before
    while (now === before) now = Number(await (await fetch(`${base}/abandoned`)).text())
    assert.equal(now, before + 1)
  },

  async 'a server that gives up is told'({ fetch, base }: Context) {
    const response = await fetch(`${base}/cut`)
    await assert.rejects(response.text())
    assert.equal((await fetch(`${base}/text`)).status, 200)
  },

  async 'a connection that the server closes is replaced'({ fetch, base }: Context) {
    const ports = new Set<string>()
    for (let i = 0; i < 20; i += 1) ports.add(await (await fetch(`${base}/last`)).text())
    assert.equal(ports.size, 20)
  },

  async 'a name is looked up'({ fetch, base }: Context) {
    const response = await fetch(`${base.replace('127.0.0.1', 'localhost')}/text`)
    assert.equal(await response.text(), 'hello')
  },

  async 'it is encrypted'({ fetch, secure }: Context) {
    const body = randomBytes(4 * MIB)
    const response = await fetch(`${secure}/echo`, { method: 'POST', body })
    assert.ok(body.equals(new Uint8Array(await response.arrayBuffer())))
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`${secure}/text`)).text()),
    )
    assert.ok(answers.every((answer) => answer === 'hello'))
  },

  async 'who is not there is told as Node tells it'({ fetch, nobody }: Context) {
    const host = '127.0.0.1'
    const cause = { code: 'ECONNREFUSED', syscall: 'connect', address: host, port: nobody }
    const error = await fetch(`http://${host}:${nobody}/`).then(
      () => assert.fail('it has connected'),
      (reason: Error & { cause?: NodeJS.ErrnoException }) => reason.cause ?? reason,
    )
    const { code, syscall, address, port } = error as unknown as typeof cause
    assert.deepEqual({ code, syscall, address, port }, cause)
  },
}
