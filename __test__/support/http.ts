/** The modules under test beside those of core: the same scenario has the same outcome with each. */
import coreHttp, { type IncomingMessage } from 'node:http'
import coreHttp2 from 'node:http2'
import coreHttps from 'node:https'
import { type AddressInfo, type Server, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import * as mio from 'mio-js/http'
import { netEngine } from '#src/net/engine.js'
import { long } from './patience.js'
import { served, where } from './platforms.js'
import { isNode } from './runtime.js'

type Modules = Pick<typeof mio, 'http' | 'https' | 'http2'>

/** One implementation. */
export interface World extends Modules {
  readonly name: string
  /** Options for every server. */
  readonly server: { readonly native?: boolean }
}

const { http, https, http2 } = mio

export const core: World = {
  name: 'core',
  ...({ http: coreHttp, https: coreHttps, http2: coreHttp2 } as unknown as Modules),
  server: {},
}
export const ours: World = { name: 'mio', http, https, http2, server: {} }
export const native: World = { ...ours, name: 'native', server: { native: true } }

const own = process.platform === 'win32' ? [ours] : [ours, native]

/** What core does is the measure where it is Node's. */
const measured = where(isNode, "it is Node's that is the measure")

type Scenario = (world: World, t: ExecutionContext) => Promise<unknown>

/** Its hook must come before that of the census. */
test.after.always('closes the engine of all connections', async () => netEngine().close())

/** A scenario with one outcome, which is that of core; skipped if something is missing for it. */
export function alike(
  title: string,
  expected: unknown,
  scenario: Scenario,
  missing?: string,
): void {
  if (missing === undefined) inEach([core, ...own], title, expected, scenario)
  else test.skip(`${title} (${missing})`, () => {})
}

/** What core does not do, or not in every version. */
export function better(title: string, expected: unknown, scenario: Scenario): void {
  inEach(own, title, expected, scenario)
}

function inEach(
  worlds: readonly World[],
  title: string,
  expected: unknown,
  scenario: Scenario,
): void {
  for (const world of worlds) {
    const run = world === core ? measured : served
    run(`${world.name}: ${title}`, async (t) => {
      t.deepEqual(await scenario(world, t), expected)
    })
  }
}

/** Listens on 127.0.0.1, and is closed with the test; returns the port. */
export async function listening(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => closed(server))
  return (server.address() as AddressInfo).port
}

/** Closes a server with all its connections, if it is not closed. */
export async function closed(server: Server): Promise<void> {
  const { closeAllConnections } = server as Partial<coreHttp.Server>
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
    closeAllConnections?.call(server as coreHttp.Server)
  })
}

/** An event, within the patience of a test. Rejects with `error`. */
export async function event<T extends unknown[]>(
  emitter: NodeJS.EventEmitter,
  name: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no ${name} in time`))
    }, long(20_000))
    const settle = (): void => {
      clearTimeout(timer)
      emitter.removeListener('error', onError)
    }
    const onError = (error: Error): void => {
      settle()
      reject(error)
    }
    if (name !== 'error') emitter.once('error', onError)
    emitter.once(name, (...args: unknown[]) => {
      settle()
      resolve(args as T)
    })
  })
}

/** A response and its whole body. */
export async function answer(request: coreHttp.ClientRequest): Promise<{
  response: IncomingMessage
  body: string
}> {
  const [response] = await event<[IncomingMessage]>(request, 'response')
  return { response, body: await text(response) }
}

/** Sends text as it is, and returns all that comes until the end. */
export async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  return text(socket)
}

/** A response without what differs from one to the next. */
export function withoutDate(response: string): string {
  return response.replaceAll(/^Date: .*\r\n/gm, '')
}
