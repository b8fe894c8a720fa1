/**
 * A client that writes more than its peer's system takes, and destroys its socket: the process lasts
 * until that is sent. Arguments: where the engine runs, and the port. Prints how many bytes were
 * called back, how many sockets were waited for in vain, and `close`.
 */
import { once } from 'node:events'
import { Engine, type EngineOptions } from 'mio-js/engine'
import { connect } from 'mio-js/net'
import { fill, mark } from '../support/called-back.js'

const [, , io, port] = process.argv
const engine = new Engine({ io: io as EngineOptions['io'] })
const socket = connect({ engine, port: Number(port), host: '127.0.0.1', highWaterMark: mark })
await once(socket, 'connect')
socket.unref()
const called = await fill(socket)
socket.once('close', () => process.stdout.write(`${engine.stats().lingerTimeouts}\nclose\n`))
socket.destroy()
// When it is destroyed natively, too.
setImmediate(() => process.stdout.write(`${called}\n`))
