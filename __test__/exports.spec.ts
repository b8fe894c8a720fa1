import test from 'ava'
import * as mio from 'mio-js'
import './support/census.js'

test('the package exports the names of the API page, and no other', (t) => {
  t.deepEqual(Object.keys(mio), [
    'Datagrams',
    'Event',
    'Events',
    'Interest',
    'NamedPipe',
    'Poll',
    'Readiness',
    'Receiver',
    'Registry',
    'Sender',
    'Shutdown',
    'SocketAddr',
    'SocketBuilder',
    'SocketLevel',
    'SocketOptions',
    'SourceFd',
    'TcpListener',
    'TcpListenerBuilder',
    'TcpStream',
    'TcpStreamBuilder',
    'Token',
    'UdpSocket',
    'UdpSocketBuilder',
    'UnixAddr',
    'UnixDatagram',
    'UnixListener',
    'UnixStream',
    'Waker',
    'WouldBlock',
    'pipe',
  ])
})

test('would-block is null, and constants cannot be changed', (t) => {
  t.is(mio.WouldBlock, null)
  for (const constant of [mio.Readiness, mio.Shutdown, mio.SocketLevel, mio.Interest.READABLE]) {
    t.true(Object.isFrozen(constant))
  }
})

test('what only the package makes cannot be constructed', (t) => {
  for (const constructor of [
    mio.Event,
    mio.Events,
    mio.Interest,
    mio.Receiver,
    mio.Registry,
    mio.Sender,
    mio.SocketBuilder,
    mio.SocketOptions,
    mio.TcpListener,
    mio.TcpListenerBuilder,
    mio.TcpStream,
    mio.UdpSocket,
    mio.UdpSocketBuilder,
    mio.UnixAddr,
    mio.UnixDatagram,
    mio.UnixListener,
    mio.UnixStream,
    mio.TcpStreamBuilder,
  ]) {
    const error = t.throws(() => Reflect.construct(constructor, [1, Symbol('key')]) as object)
    t.like(error, { name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' })
  }
})
