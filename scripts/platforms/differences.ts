/**
 * Tests that a runtime or an emulator cannot pass, for a reason that is not this package's: what they
 * need is missing there, or is not as in Node on Linux. They are left out, and counted as skipped.
 * `npm run test:platforms -- NAME --differences` runs these alone, and tells which pass by now.
 */

export interface Difference {
  /** Names of runners, or how they begin: `qemu-`. */
  readonly runners: readonly string[]
  readonly spec: string
  /** Titles, in which `*` stands for anything. All tests of the spec, if there are none. */
  readonly titles?: readonly string[]
  readonly why: string
}

const noCompiler = "TypeScript's compiler cannot start its other process there"
const words = 'the same errors, in words of Bun: what its streams, its engine and its checks say'
const names = "errors of Bun's own look-up of names, which has another class and other numbers"
const foreign = "Deno's node:fs closes, reads and writes only descriptors that Deno has opened"
const late =
  "what a handler throws is told a turn later: Deno loses exceptions in native code's hands"
const tls =
  "Deno's TLS over sockets of others, and its errors of TLS: no addresses, no names, no sessions"
const preload =
  "Deno's own clients of HTTP, and the names and workers that its preload does not reach"
const children = 'what Deno hands to children is another handle, or none'
const kept = 'nobody can replace the net of Bun: what it does instead is in register/fallback'

/** Bun and Deno, whose modules are not Node's. */
const runtimes: readonly Difference[] = [
  { runners: ['bun', 'musl-bun', 'deno'], spec: 'declarations', why: noCompiler },
  {
    runners: ['bun', 'musl-bun'],
    spec: 'engine/throwing',
    titles: ['*: an exception that nobody catches ends the process'],
    why: 'Bun tells it and ends with 1, but not before the program has nothing left to do',
  },
  {
    runners: ['bun'],
    spec: 'net/arguments',
    titles: [
      'wrong values in setKeepAlive(true, value)',
      'wrong values in setEncoding(value)',
      'wrong values in setDefaultEncoding(value)',
      'wrong values in read(value)',
      'wrong values in write(text, value)',
      'wrong values in end(text, value)',
      'wrong values in isIP(value)',
      'wrong values in the option localAddress of connect',
    ],
    why: words,
  },
  {
    runners: ['bun'],
    spec: 'net/hostile',
    titles: ['a view of a shared buffer, and one that is detached'],
    why: words,
  },
  {
    runners: ['bun'],
    spec: 'net/signal',
    titles: ['a signal *', 'a timeout that is a signal', 'an iterator of events with a signal *'],
    why: words,
  },
  { runners: ['bun'], spec: 'net/lookup', titles: ['* that are none are refused'], why: words },
  {
    runners: ['bun'],
    spec: 'net/server-listen',
    titles: ['a host that does not exist'],
    why: names,
  },
  {
    runners: ['bun'],
    spec: 'net/socket-connect',
    titles: ['a name that does not exist', 'a host of 300 characters', 'the host * is no other *'],
    why: names,
  },
  {
    runners: ['deno'],
    spec: 'net/signal',
    titles: ['a signal *', 'an iterator of events with a signal *'],
    why: 'the reason of an aborted signal, in words of Deno',
  },
  {
    runners: ['deno'],
    spec: 'net/socket-connect',
    titles: ['a host of 300 characters', 'the host * is no *'],
    why: "Deno's look-up of names refuses other names, with other errors",
  },
  {
    runners: ['deno'],
    spec: 'net/lookup',
    titles: ['* that are none are refused'],
    why: "Deno's look-up of names refuses other names, with other errors",
  },
  {
    runners: ['deno'],
    spec: 'net/server',
    titles: ['*: what the program throws at a connection *'],
    why: late,
  },
  ...(
    [
      ['engine/open-connection', '*: a descriptor that cannot connect *'],
      ['engine/listen-descriptor', '*: what cannot listen *'],
      ['net/detach', '*: a socket that is destroyed while it is detached *'],
      ['net/detach', '*: what a callback did not take *'],
      ['net/descriptors', 'what is no stream socket *'],
      ['net/descriptors', 'a listener that Node has *'],
      ['net/descriptors', 'a descriptor that is closed behind *'],
      ['pipe', 'tryIo *'],
      ['pipe-raw-fd', 'a file, a directory, a device, *'],
      ['pipe-raw-fd', 'each end takes its own end alone, *'],
      ['pipe-raw-fd', 'closing a descriptor behind *'],
      ['poll', 'the process survives: descriptor-of-poll-closed'],
      ['raw-fd', 'a descriptor that was given away is closed *'],
      ['raw-fd', 'closing a descriptor behind *'],
      ['source-fd-kinds', 'events of an eventfd*'],
      ['tcp-stream', 'tryIo *'],
      ['udp-socket-arguments', 'only a descriptor of a UDP socket *'],
      ['unix-datagram', 'tryIo *'],
      ['unix-raw-fd', 'closing a descriptor behind *'],
      ['unix-stream', 'tryIo *'],
    ] as const
  ).map(([spec, ...titles]) => ({ runners: ['deno'], spec, titles, why: foreign })),
  { runners: ['deno'], spec: 'http/https', why: tls },
  {
    runners: ['deno'],
    spec: 'http/http2',
    titles: [
      'mio: https: streams of one session have their answers',
      '*: protocols of others are refused',
      'http: small frames do not wait *',
    ],
    why: tls,
  },
  {
    runners: ['deno'],
    spec: 'http/idle',
    titles: ['*: https'],
    why: tls,
  },
  {
    runners: ['deno'],
    spec: 'http/names',
    titles: ['http has the names *'],
    why: "the namespace of Deno's http has fewer names than its default export",
  },
  {
    runners: ['deno'],
    spec: 'http/protocol',
    titles: ['native: what is no HTTP is a clientError, *'],
    why: "Deno's parser has one code for all that is no HTTP",
  },
  { runners: ['deno'], spec: 'http/send', why: children },
  {
    runners: ['deno'],
    spec: 'pipe-process',
    titles: ['a program that takes other descriptors that do not block *'],
    why: children,
  },
  {
    runners: ['deno'],
    spec: 'sigpipe',
    why: 'whoever has taken a listener of SIGPIPE away is ended by it in Deno, as by no other runtime',
  },
  {
    runners: ['deno'],
    spec: 'socket-options',
    titles: ['no option that may be read *'],
    why: "Deno's table of system errors is shorter than Node's",
  },
  {
    runners: ['deno'],
    spec: 'unix-addr',
    titles: ['a path that is no UTF-8 *'],
    why: "Deno's readdir gives no bytes",
  },
  {
    runners: ['deno'],
    spec: 'share-threads',
    why: 'Deno loads the modules of this test after its turn, and ava has it declared in that',
  },
  {
    runners: ['deno'],
    spec: 'register/programs',
    titles: ['http: *', 'names: is the same on ours*', 'NODE_OPTIONS *', '*: throw'],
    why: preload,
  },
  { runners: ['deno'], spec: 'register/core', why: preload },
  { runners: ['deno'], spec: 'register/threads', why: preload },
  { runners: ['bun'], spec: 'register/core', why: kept },
  { runners: ['bun'], spec: 'register/programs', why: kept },
  { runners: ['bun'], spec: 'register/threads', why: kept },
]

/** Wine on Linux, where it is neither Windows nor Linux. */
const wine: readonly Difference[] = [
  {
    runners: ['wine-'],
    spec: 'declarations',
    why: "The compiler is a program of each platform, and npm installs this machine's.",
  },
  {
    runners: ['wine-'],
    spec: 'named-pipe',
    titles: ['a name has one server (Windows)'],
    why: "Wine knows nothing of first instances: Node's own servers share a name there, too.",
  },
  {
    runners: ['wine-'],
    spec: 'engine/named-pipe',
    titles: ['*: a name that somebody has is EADDRINUSE'],
    why: "Wine knows nothing of first instances: Node's own servers share a name there, too.",
  },
  {
    runners: ['wine-'],
    spec: 'datagrams',
    titles: ['an error ends a batch before its datagram, and is thrown by the call for the rest'],
    why: 'Wine makes WSAEOPNOTSUPP of EAFNOSUPPORT.',
  },
  {
    runners: ['wine-'],
    spec: 'engine/connect-failures',
    titles: ['*: a local address of the other family fails'],
    why: 'Wine makes WSAEOPNOTSUPP of EAFNOSUPPORT.',
  },
  {
    runners: ['wine-'],
    spec: 'engine/engine-process',
    titles: ['*: servers and sockets keep the process alive, and nothing else does'],
    why: "Sockets are Linux's, where a full queue lets clients wait: two more cases keep it alive.",
  },
  {
    runners: ['wine-'],
    spec: 'engine/overload',
    titles: ['*: bad peers next to a hundred well-behaved ones: *'],
    why: 'It compares times, and Wine answers too few messages in the time that is measured.',
  },
  // A write that does not block takes all of 10 MB at once on Wine, whatever room there is, and sends
  // the rest later. If the socket is closed meanwhile, the peer, a program of Linux as well, may see
  // less, and then an end as if that had been all. Windows sends what it took.
  {
    runners: ['wine-'],
    spec: 'engine/ending',
    titles: ['*: allowHalfOpen lets 10 MB follow the peer’s end, in both directions'],
    why: 'Wine does not always send all that it took when the socket is closed.',
  },
  {
    runners: ['wine-'],
    spec: 'engine/drain',
    titles: ['*: writing in the drain handler never fills the stack'],
    why: 'Wine does not always send all that it took when the socket is closed.',
  },
  {
    runners: ['wine-'],
    spec: 'engine/pause',
    titles: ['*: a pause slows the peer down'],
    why: "Wine tells the peer, a server of Node's, that all is sent when it is not.",
  },
]

export const differences: readonly Difference[] = [...runtimes, ...wine]

export function differencesOf(runner: string, spec: string): Difference[] {
  return differences.filter(
    (one) => one.spec === spec && one.runners.some((name) => runner.startsWith(name)),
  )
}

/** The titles that are left out, as patterns. */
export function titlesOf(found: readonly Difference[]): string[] {
  return found.flatMap(({ titles }) => titles ?? ['*'])
}
