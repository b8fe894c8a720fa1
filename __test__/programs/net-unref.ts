/**
 * What nobody keeps alive is closed, and told so, before the process ends. Argument: where the engine
 * runs. Prints the events.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { Engine, type EngineOptions } from 'mio-js/engine'
import { connect, createServer } from 'mio-js/net'

const engine = new Engine({ io: process.argv[2] as EngineOptions['io'] })
const listener = createNetServer((socket) => socket.unref().resume()).listen(0, '127.0.0.1')
await once(listener, 'listening')
const { port } = listener.address() as AddressInfo
const socket = connect({ engine, port, host: '127.0.0.1' })
await once(socket, 'connect')
const server = createServer({ engine }).listen(0, '127.0.0.1')
await once(server, 'listening')

listener.close()
listener.unref()
server.unref()
socket.unref()
socket.once('close', () => process.stdout.write('socket\n'))
server.close(() => process.stdout.write('server\n'))
socket.destroy()
