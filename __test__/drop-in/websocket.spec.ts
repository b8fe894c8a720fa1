import { io } from 'socket.io-client'
import { where } from '../support/platforms.ts'
import { declare, declareExample, endedWell, example } from '../support/scenario.ts'
import '../support/census.ts'
import * as socketIo from './scenarios/socket-io.ts'
import * as ws from './scenarios/ws.ts'

declare('ws', ws, ['createConnection', 'register'], () => null)
declare('socket-io', socketIo, ['mio-js/http', 'register'], () => null)

declareExample('ws', 'hello', () => ({}))

const served = where(process.platform !== 'win32', 'Windows has no signals to end a server by')

served('the example socket-io does what it says', async (t) => {
  const program = example('socket-io', { env: { PORT: '0' } })
  const port = await program.port()
  const clients = ['polling', 'websocket'].map((transport) =>
    io(`http://127.0.0.1:${port}`, { transports: [transport], forceNew: true }),
  )
  await Promise.all(
    clients.map(async (client) => new Promise<void>((resolve) => client.once('connect', resolve))),
  )
  const heard = clients.map(
    async (client) => new Promise<string>((resolve) => client.once('said', resolve)),
  )
  clients[0]!.emit('say', 'hello')
  t.deepEqual(await Promise.all(heard), ['hello', 'hello'])
  for (const client of clients) client.close()
  program.stop()
  endedWell(t, await program.ended())
})
