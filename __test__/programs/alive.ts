/** What keeps a process alive: `idle`, `wait`, `aborted`, `timeout`, `sockets` or `blocked`. */
import { Events, Interest, Poll, TcpListener, TcpStream, Token, Waker } from 'mio-js'

const poll = new Poll()
const events = Events.withCapacity(16)
const listener = TcpListener.bind('127.0.0.1:0')
poll.registry.register(listener, Token(0), Interest.READABLE)

process.once('exit', () => {
  console.log('exit')
})

switch (process.argv[2]) {
  case 'idle': {
    // A wait that is over leaves nothing behind.
    await poll.pollAsync(events, { timeout: 1 })
    break
  }
  case 'sockets': {
    TcpStream.connect(listener.localAddr())
    await poll.pollAsync(events)
    listener.accept()
    break
  }
  case 'wait': {
    // Nothing else is alive: only the wait, which the connection of another thread ends.
    const waker = new Waker(poll.registry, Token(1))
    setTimeout(() => {
      waker.wake()
    }, 200).unref()
    console.log(`woken ${await poll.pollAsync(events)}`)
    break
  }
  case 'aborted': {
    const controller = new AbortController()
    const wait = poll.pollAsync(events, { signal: controller.signal })
    controller.abort()
    await wait.catch((error: unknown) => {
      console.log((error as Error).name)
    })
    break
  }
  case 'timeout': {
    console.log(`timeout ${await poll.pollAsync(events, { timeout: 50 })}`)
    break
  }
  case 'blocked': {
    const before = process.cpuUsage()
    poll.poll(events, 2000)
    const { user, system } = process.cpuUsage(before)
    console.log(`cpu ${user + system}`)
    break
  }
  default: {
    throw new Error('unknown case')
  }
}
