/** What the programs of projects do that install the package: an echo by each of two of its doors. */

const names = '{ Events, Interest, Poll, TcpListener, TcpStream, Token }'

function body(hint: (text: string) => string): string {
  return `
const poll = new Poll()
const events = Events.withCapacity(16)
const listener = TcpListener.bind('127.0.0.1:0')
poll.registry.register(listener, Token(0), Interest.READABLE)
const stream = TcpStream.connect(listener.localAddr())
poll.poll(events, 5000)
const [peer] = listener.accept() ?? []
while (!stream.finishConnect());
stream.write(Buffer.from('hello'))
poll.registry.register(peer${hint('!')}, Token(1), Interest.READABLE)
poll.poll(events, 5000)
const buffer = Buffer.alloc(16)
const text${hint(': string')} = buffer.toString('latin1', 0, peer${hint('!')}.read(buffer) ?? 0)
for (const open of [peer${hint('!')}, stream, listener, poll]) open.close()
const server = createServer((socket) => socket.pipe(socket))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()${hint(' as AddressInfo')}
  const client = connect(port, '127.0.0.1')
  client.write('there')
  client.once('data', (chunk) => {
    console.log(text, String(chunk))
    client.destroy()
    server.close()
  })
})
`
}

const plain = body(() => '')
const imports = `import ${names} from 'mio-js'\nimport { connect, createServer } from 'mio-js/net'\n`
const requires = `const ${names} = require('mio-js')\nconst { connect, createServer } = require('mio-js/net')\n`

/** Files of a project; each program prints `hello there`. */
export const programs: Readonly<Record<string, string>> = {
  'echo.mjs': `${imports}${plain}`,
  'echo.cjs': `${requires}${plain}`,
  'echo.mts': `import type { AddressInfo } from 'node:net'\n${imports}${body((text) => text)}`,
  'worker.mjs': `import { Worker } from 'node:worker_threads'
new Worker(new URL('echo.mjs', import.meta.url))
`,
}
