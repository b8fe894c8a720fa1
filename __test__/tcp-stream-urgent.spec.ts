/** Urgent bytes (MSG_OOB), which a peer can send and nobody asked for. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { ExecutionContext } from 'ava'
import { Interest, type TcpStream } from 'mio-js'
import './support/census.js'
import { hasReader } from './support/option-reader.js'
import { linux } from './support/platforms.js'
import {
  BOTH,
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  poller,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'

type Peer = ChildProcessByStdio<Writable, Readable, null>

/** Sends what it is told, line by line: \`!\` before a byte that is urgent; says when it has. */
const program = `
  use Socket;
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die $!;
  connect($socket, sockaddr_in(shift, inet_aton('127.0.0.1'))) or die $!;
  $| = 1;
  while (my $line = <STDIN>) {
    chomp $line;
    my $flags = $line =~ s/^!// ? MSG_OOB : 0;
    defined send($socket, $line, $flags) or die $!;
    print "sent\\n";
  }
`

async function urgentPeer(t: ExecutionContext): Promise<[TcpStream, Peer]> {
  const server = listener(t)
  const peer = spawn('perl', ['-e', program, String(server.localAddr().port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    peer.kill('SIGKILL')
    if (peer.exitCode === null && peer.signalCode === null) await once(peer, 'exit')
  })
  return [closing(t, await acceptOne(server)), peer]
}

async function send(peer: Peer, line: string): Promise<void> {
  const sent = once(peer.stdout, 'data')
  peer.stdin.write(`${line}\n`)
  await sent
}

/** Reads until nothing is there: what each read found. */
function readParts(stream: TcpStream): string[] {
  const parts: string[] = []
  const buffer = Buffer.alloc(64)
  for (;;) {
    const count = stream.read(buffer)
    if (count === null) return parts
    parts.push(buffer.toString('latin1', 0, count))
    if (count === 0) return parts
  }
}

linux('an urgent byte is no part of the stream, and does not spin (Linux)', async (t) => {
  if (!hasReader(t, 'perl')) return
  const { poll, events } = poller(t)
  const [stream, peer] = await urgentPeer(t)
  watch(poll, stream, 1, Interest.READABLE)
  await send(peer, 'before')
  await eventsFor(t, poll, events, 1)
  await send(peer, '!u')
  await send(peer, 'after')
  let text = ''
  await until('the stream is read', () => (text += readParts(stream).join('')).length >= 11)
  t.is(text, 'beforeafter')
  // Events of what has been read may be left, but only a few.
  t.true(poll.poll(events, 50) <= 1)
  noEvent(t, poll, events)
  await send(peer, '!v')
  let count = 0
  const end = performance.now() + 200
  while (performance.now() < end) count += await poll.pollAsync(events, { timeout: 50 })
  t.true(count <= 2, `${count} events`)
  t.deepEqual(readParts(stream), [])
  await send(peer, 'x')
  await eventsFor(t, poll, events, 1)
  text = ''
  await until('more is read', () => (text += readParts(stream).join('')) !== '')
  t.is(text, 'x')
  t.is(stream.takeError(), null)
})

linux('an interest in urgent bytes makes an event of them (Linux)', async (t) => {
  if (!hasReader(t, 'perl')) return
  const { poll, events } = poller(t)
  const [stream, peer] = await urgentPeer(t)
  watch(poll, stream, 1, BOTH.add(Interest.PRIORITY))
  const [first] = await eventsFor(t, poll, events, 1)
  t.false(first?.isPriority())
  await send(peer, '!u')
  const [urgent] = await eventsFor(t, poll, events, 1)
  t.true(urgent?.isPriority())
  t.true(urgent?.isReadable())
  t.false(urgent?.isReadClosed())
  t.deepEqual(readParts(stream), [])
  noEvent(t, poll, events)
  await send(peer, 'data')
  await eventsFor(t, poll, events, 1)
  t.deepEqual(readParts(stream), ['data'])
  peer.stdin.end()
  await once(peer, 'exit')
  await eventsFor(t, poll, events, 1)
  t.deepEqual(readParts(stream), [''])
})
