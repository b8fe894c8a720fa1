/** `process.exit(7)` in the listeners of http: `http-exit.js IO PLACE`. */
import { writeSync } from 'node:fs'
import { Engine, type EngineOptions } from 'mio-js/engine'
import { Agent, createServer, request } from 'mio-js/http'

const [, , io, place] = process.argv

function at(name: string): void {
  if (name !== place) return
  writeSync(1, String(Date.now()))
  process.exit(7)
}

const engine = new Engine({ io: io as EngineOptions['io'] })
const server = createServer({ engine })
for (const event of ['connection', 'checkContinue', 'close', 'listening']) {
  server.on(event, () => at(event))
}
server.on('checkContinue', (_, response) => response.writeContinue())
server.on('clientError', (_, socket) => {
  at('clientError')
  socket.destroy()
})
server.on('upgrade', (_, socket) => {
  at('upgrade')
  socket.destroy()
})
server.on('request', (incoming, response) => {
  at('request')
  incoming.on('data', () => at('body'))
  incoming.on('end', () => {
    at('bodyEnd')
    response.write(Buffer.alloc(100_000), () => at('written'))
    response.end('end', () => at('ended'))
  })
  response.on('finish', () => at('finish'))
  response.on('close', () => at('responseClose'))
})
server.setTimeout(50, () => at('timeout'))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number }
  const agent = new Agent({ keepAlive: true })
  const headers: Record<string, string> =
    place === 'upgrade' ? { Connection: 'Upgrade', Upgrade: 'x' } : {}
  if (place === 'checkContinue') headers['Expect'] = '100-continue'
  const client = request({ port, host: '127.0.0.1', method: 'POST', agent, headers })
  for (const event of ['socket', 'finish', 'close']) client.on(event, () => at(`client ${event}`))
  client.on('error', () => at('client error'))
  client.on('response', (response) => {
    at('response')
    response.on('data', () => at('response data'))
    response.on('end', () => {
      at('response end')
      if (place === 'close') server.close()
    })
  })
  if (place === 'clientError') client.on('socket', (socket) => socket.write('no http\r\n\r\n'))
  else if (place === 'timeout') client.write('x')
  else client.end('x')
})
setTimeout(() => {}, 20_000)
