/** The vocabulary of the engine's specs: every test runs under every driver. */
import { type AddressInfo, type Server as NetServer, type Socket, createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Engine, type EngineOptions } from 'mio-js/engine'
import { long } from './patience.js'
import { isBun } from './runtime.js'

/** Where the machine of a lane runs. */
export const drivers = ['inline', 'thread', 'auto'] as const

export type Driver = (typeof drivers)[number]

/**
 * Those that tests run under. For another way to wake up (scripts/test.ts) two are enough: `auto` begins
 * inline, and wakes as that does.
 */
export const tried: readonly Driver[] =
  process.env['MIO_JS_TEST_AGAIN'] === undefined ? drivers : ['thread', 'auto']

/** Makes engines of one driver, and closes them when the test ends. */
export type MakeEngine = (options?: Omit<EngineOptions, 'io'>) => Engine

/** Defines one test for each driver. */
export function underEachDriver(
  title: string,
  implementation: (t: ExecutionContext, make: MakeEngine, driver: Driver) => void | Promise<void>,
  chosen: readonly Driver[] = tried,
): void {
  for (const driver of chosen) {
    test(`${driver}: ${title}`, async (t) => {
      const engines: Engine[] = []
      const make: MakeEngine = (options) => {
        const engine = new Engine({ ...options, io: driver })
        engines.push(engine)
        return engine
      }
      try {
        await implementation(t, make, driver)
      } finally {
        await Promise.all(engines.map(async (engine) => engine.close()))
      }
    })
  }
}

/** The same where something is there; elsewhere the tests are skipped, and say why. */
export function underEachDriverWhere(isHere: boolean, why: string): typeof underEachDriver {
  if (isHere) return underEachDriver
  return (title) => {
    test.skip(`${title} (${why})`, () => {})
  }
}

/** Tests of descriptors that others than this package have. */
export const underEachDriverOfUnix = underEachDriverWhere(
  process.platform !== 'win32',
  'there are no descriptors on Windows',
)

/** Tests in which the runtime's `net.Socket` goes on with a descriptor. */
export const underEachDriverAdoptedByNode = underEachDriverWhere(
  process.platform !== 'win32' && !isBun,
  'neither Windows nor Bun makes sockets of descriptors',
)

/** Tests of connections of HTTP that are an engine's. */
export const underEachDriverServed = underEachDriverWhere(!isBun, "Bun's http is not made of net")

/** A promise, and what settles it. */
export interface Deferred<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: Error) => void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Rejects when `promise` takes longer than anything on loopback does. */
export async function soon<T>(promise: Promise<T>, what = 'what the test waits for'): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out: ${what}`)), long(15_000))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A server of Node's own, as the peer of a client. */
export async function listening(
  t: ExecutionContext,
  onSocket: (socket: Socket) => void,
): Promise<{ server: NetServer; port: number }> {
  const server = createServer({ allowHalfOpen: true }, onSocket)
  t.teardown(() => {
    server.close()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return { server, port: (server.address() as AddressInfo).port }
}
