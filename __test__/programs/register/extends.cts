/** Classes of programs on top of the module's, in all ways. */
import net = require('node:net')
import util = require('node:util')

class Greeting extends net.Socket {
  greet(): this {
    this.write('from a class\n')
    return this
  }
}

function Old(this: net.Socket): void {
  net.Socket.call(this as never)
}
util.inherits(Old as never, net.Socket as never)
Old.prototype.greet = function greet(this: net.Socket): net.Socket {
  this.write('from a function\n')
  return this
}

class Counting extends net.Server {
  count = 0

  constructor() {
    super((socket) => {
      this.count += 1
      socket.pipe(socket)
    })
  }
}

const called = (net.Socket as unknown as () => net.Socket)()
console.log(called instanceof net.Socket, called instanceof Greeting)
called.destroy()
console.log(new Greeting() instanceof Greeting, new Greeting() instanceof net.Socket)
for (const value of [{}, null, 'text'] as unknown[]) {
  console.log((value as object) instanceof net.Socket)
}

const server = new Counting()
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as net.AddressInfo
  const sockets = [new Greeting(), Reflect.construct(Old as never, []) as Greeting]
  let open = sockets.length
  for (const socket of sockets) {
    socket.connect(port, '127.0.0.1')
    socket.greet().end()
    let received = ''
    socket.on('data', (chunk) => (received += String(chunk)))
    socket.on('close', () => {
      console.log(received.trim(), socket instanceof net.Socket)
      open -= 1
      if (open === 0) server.close(() => console.log(server.count, server instanceof net.Server))
    })
  }
})
