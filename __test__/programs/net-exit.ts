/** Writes, and exits at once. Arguments: where the engine runs, and the port to connect to. */
import { Engine, type EngineOptions } from 'mio-js/engine'
import { connect } from 'mio-js/net'

const [, , io, port] = process.argv
const engine = new Engine({ io: io as NonNullable<EngineOptions['io']> })
const socket = connect({ engine, port: Number(port), host: '127.0.0.1' }, () => {
  socket.write('last ')
  socket.write('words')
  process.exit(0)
})
