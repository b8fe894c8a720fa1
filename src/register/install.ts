/**
 * What a preload replaces in core's modules, in the objects that all share: `require`, `import` and
 * `process.getBuiltinModule` give these.
 *
 * Parts of core look up `net.Socket` when they need it: pipes of child processes, terminals, TLS,
 * HTTP. So what stands there does for them what core's own does, and those that look when they are
 * loaded are loaded before.
 */
import type http from 'node:http'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import 'node:tty'
import { coreConnect } from '../core-net.ts'
import { connect } from './connect.ts'
import { listen } from './listen.ts'
import { replaceTls } from './secure.ts'
import { Socket } from './socket.ts'

const mark = Symbol.for('mio-js.register')
const require = createRequire(import.meta.url)

/** Once for each thread, however often the preload is asked for, and by how many copies of this. */
export function install(): void {
  if (mark in net) return
  Object.defineProperty(net, mark, { value: true })
  if (process.versions['openssl'] !== undefined) replaceTls(require('node:tls') as TlsModule)
  Object.assign(net, { Socket, Stream: Socket, connect, createConnection: connect })
  net.Server.prototype.listen = listen
  replaceAgent()
  syncBuiltinESMExports()
}

type TlsModule = Parameters<typeof replaceTls>[0]

/** Node 20 gives core's `connect` to agents when `http` is loaded, which may have been before. */
function replaceAgent(): void {
  const { moduleLoadList = [] } = process as { moduleLoadList?: string[] }
  if (!moduleLoadList.includes('NativeModule _http_agent')) return
  const { Agent } = require('node:http') as typeof http
  const agent = Agent.prototype as { createConnection: unknown }
  if (agent.createConnection === coreConnect) agent.createConnection = connect
}
