/** Runtimes for another C library or processor than this machine's. */
import { because, type Difference } from './difference.js'

export const foreign: readonly Difference[] = [
  ...because(
    "system calls are made to fail by a library that is built for this machine's processor and C library",
    ['musl-', 'qemu-'],
    [['engine/failing-calls'], ['net/failing-calls']],
  ),
  ...because(
    'npm runs in the Node of this machine, and installs for that',
    ['musl-'],
    [['release/pack']],
  ),
  ...because(
    "TypeScript's compiler is a program of each platform, and npm installs this machine's",
    ['qemu-', 'wine-'],
    [['declarations']],
  ),
  ...because(
    'Perl makes system calls by number, of the processor that the test runs on; it runs on another',
    ['qemu-arm64'],
    [
      [
        'source-fd-kinds',
        'events of an eventfd, a timerfd, inotify and a terminal come once (Linux)',
      ],
    ],
  ),
  ...because(
    'options that QEMU does not know, or takes for numbers',
    ['qemu-'],
    [
      [
        'builder',
        'IPv4: options of a builder are there before bind, and stay',
        'a connection has the options of its builder from the SYN on',
      ],
      ['options', 'its program with builders connects, and tells what TCP knows'],
      [
        'socket-options',
        'what is set on *',
        'what another program sees in ss *',
        'accepted sockets inherit *',
        'a device is bound *',
        'tcpInfo *',
        'any option by its numbers',
      ],
      [
        'engine/options',
        '*: what is set on a socket is what another program reads',
        '*: what is set on a server all of its sockets have',
        '*: listen and connect set options before anything else',
      ],
    ],
  ),
  ...because(
    'it compares times, or does much in a time, which means nothing there',
    ['qemu-'],
    [
      ['engine/many', '*: those who trickle are closed, and nobody else is'],
      ['engine/faults', '*: signals neither cost an event nor change a timeout'],
      ['engine/overload', '*: bad peers next to a hundred well-behaved ones: *'],
    ],
  ),
  ...because(
    'QEMU wakes who joins a thread before the thread has ended',
    ['qemu-'],
    [['engine/threads', 'threads end with their engine, whatever it was doing']],
  ),
  ...because(
    'QEMU turns 16 of the 32 bits of a scope into the other order',
    ['qemu-s390x'],
    [['socket-addr', 'a link-local address of this machine works in every form']],
  ),
  ...because(
    "Debian's Node 20 lets no process become another user: its libuv does not say that it uses no io_uring",
    ['qemu-arm', 'qemu-riscv64'],
    [
      ['tcp-listener', 'a privileged port is EACCES for who may not *'],
      ['unix-path', 'who may not is told EACCES *'],
      ['engine/listen-options', 'a reserved port is EACCES for who may not'],
    ],
  ),
  ...because(
    'Node 20 may not read there what it is told to load first',
    ['qemu-arm', 'qemu-riscv64'],
    [
      [
        'permission',
        'without permission for addons one error says which flag is missing',
        'with permissions for addons and for reading the package each door works',
      ],
    ],
  ),
  ...because(
    "Debian's Node looks names up without ADDRCONFIG, which no other Node does",
    ['qemu-s390x', 'qemu-arm', 'qemu-riscv64', 'qemu-ppc64le'],
    [
      [
        'net/lookup',
        'what a lookup is asked *',
        'a lookup answers *, and nobody listens',
        'a lookup for * answers *',
        'a local address or port, and several addresses',
        'a socket that is destroyed in its lookup listener *',
        'the defaults of autoSelectFamily can be set',
      ],
    ],
  ),
]
