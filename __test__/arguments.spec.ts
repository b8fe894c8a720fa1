/** What no parameter of the mirror is for: each place of each method, by the names that there are. */
import test from 'ava'
import {
  Datagrams,
  Events,
  Poll,
  Receiver,
  Sender,
  SocketAddr,
  SourceFd,
  TcpListener,
  TcpStream,
  Token,
  UdpSocket,
  UnixAddr,
  UnixDatagram,
  UnixListener,
  UnixStream,
  Waker,
  pipe,
} from 'mio-js'
import './support/census.js'
import { BOTH, closing, listener, pair, poller, readExactly, watch } from './support/sockets.js'
import { udpPair } from './support/udp.js'
import { datagramPair, unixListener, unixPair } from './support/unix.js'
import { wrongValues } from './support/wrong-values.js'

type Call = (...args: unknown[]) => unknown

/** They take nothing, or end what the others are tried with. */
const without = new Set(['constructor', 'close', 'share', 'intoRawFd', 'intoRawSocket'])
/** A wait without end is right: poll.spec.ts has the others. */
const waiting = new Set(['poll', 'pollAsync'])

/** Functions of an object or a class by their names, bound to it. */
function functionsOf(name: string, owner: object, of: object): [string, Call][] {
  return Object.getOwnPropertyNames(of)
    .filter((key) => !without.has(key) && !waiting.has(key))
    .flatMap((key): [string, Call][] => {
      const { value } = Object.getOwnPropertyDescriptor(of, key) ?? {}
      return typeof value === 'function' ? [[`${name}.${key}`, (value as Call).bind(owner)]] : []
    })
}

function methodsOf(object: object): [string, Call][] {
  const all: [string, Call][] = []
  const name = object.constructor.name
  for (
    let of = Object.getPrototypeOf(object) as object;
    of !== Object.prototype;
    of = Object.getPrototypeOf(of) as object
  ) {
    all.push(...functionsOf(name, object, of))
  }
  return all
}

/** What may stand before the wrong one. */
const before = (): unknown[][] => [
  [],
  [Buffer.alloc(4)],
  [Buffer.alloc(4), 0],
  [Buffer.alloc(4), '127.0.0.1:9'],
  ['127.0.0.1:9'],
  [[Buffer.alloc(4)]],
]

/** What was opened nevertheless, since the wrong one was ignored. */
function close(result: unknown): void {
  for (const each of Array.isArray(result) ? (result as unknown[]) : [result]) {
    const { close: end } = (each ?? {}) as { close?: unknown }
    if (typeof end === 'function') Reflect.apply(end, each, [])
  }
}

test('wrong values in any place of any method are errors with a code, and harm nothing', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  const isUnix = process.platform !== 'win32'
  watch(poll, client, 1)
  const instances: object[] = [
    poll,
    poll.registry,
    events,
    BOTH,
    listener(t),
    client,
    ...udpPair(t),
    new SocketAddr({ address: '127.0.0.1', port: 1 }),
    new Datagrams({ count: 2, size: 8 }),
    closing(t, TcpStream.builder('IPv4')),
    closing(t, TcpListener.builder('IPv4')),
    closing(t, UdpSocket.builder('IPv4')),
  ]
  const classes: [string, object][] = Object.entries({ Events, TcpListener, TcpStream, UdpSocket })
  if (isUnix) {
    instances.push(unixListener(t), ...unixPair(t), ...datagramPair(t))
    instances.push(...pipe().map((end) => closing(t, end)))
    const paths = { UnixAddr, UnixDatagram, UnixListener, UnixStream, Sender, Receiver }
    classes.push(...Object.entries(paths))
  }
  const makers: [string, Call][] = [
    ['Token', Token as unknown as Call],
    ...Object.entries({ Poll, SocketAddr, SourceFd, Waker, Datagrams }).map(
      ([name, made]): [string, Call] => [
        `new ${name}`,
        (...args) => Reflect.construct(made, args) as unknown,
      ],
    ),
  ]
  const calls = [
    ...instances.flatMap(methodsOf),
    ...classes.flatMap(([name, of]) => functionsOf(name, of, of)),
    ...makers,
  ]
  t.true(calls.length > 150, `${calls.length} functions`)
  let refused = 0
  const amiss: string[] = []
  for (const [name, call] of calls) {
    for (const [title, value] of Object.entries(wrongValues)) {
      // It is the path of a file.
      if (title === 'text' && name.startsWith('Unix')) continue
      for (const args of before()) {
        try {
          close(call(...args, value))
        } catch (error) {
          refused += 1
          const { code, message } = error as NodeJS.ErrnoException
          const what = `${name}(${args.map(String).join(', ')}, ${title}): ${message}`
          // Of a proxy that was revoked the language itself says so.
          if (title === 'revoked proxy' && code === undefined && error instanceof TypeError)
            continue
          if (!/^(ERR_|E[A-Z]+$)/.test(code ?? '')) amiss.push(what)
        }
      }
    }
  }
  t.deepEqual(amiss, [])
  t.true(refused > 10_000, `${refused} refused`)

  // What may have been written meanwhile, and what ends that.
  client.write(Buffer.from('|still here'))
  let text = ''
  while (!text.endsWith('|still here')) text += (await readExactly(server, 1)).toString('latin1')
  t.pass()
})
