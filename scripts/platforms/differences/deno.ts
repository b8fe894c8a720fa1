/** Deno, whose modules are not Node's. */
import { because, type Difference } from './difference.js'

export const deno: readonly Difference[] = [
  ...because(
    "TypeScript's compiler cannot start its other process there",
    ['deno'],
    [['declarations']],
  ),
  ...because(
    'the reason of an aborted signal, in words of Deno',
    ['deno'],
    [['net/signal', 'a signal *', 'an iterator of events with a signal *']],
  ),
  ...because(
    "Deno's look-up of names refuses other names, with other errors",
    ['deno'],
    [
      ['net/socket-connect', 'a host of 300 characters', 'the host * is no *'],
      ['net/lookup', '* that are none are refused'],
    ],
  ),
  ...because(
    "what a handler throws is told a turn later: Deno loses exceptions in native code's hands",
    ['deno'],
    [['net/server', '*: what the program throws at a connection *']],
  ),
  ...because(
    "Deno's node:fs closes, reads and writes only descriptors that Deno has opened",
    ['deno'],
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
    ],
  ),
  ...because(
    "Deno's TLS over sockets of others, and its errors of TLS: no addresses, no names, no sessions",
    ['deno'],
    [
      ['http/https'],
      [
        'http/http2',
        'mio: https: streams of one session have their answers',
        '*: protocols of others are refused',
        'http: small frames do not wait *',
      ],
      ['http/idle', '*: https'],
    ],
  ),
  ...because(
    "the namespace of Deno's http has fewer names than its default export",
    ['deno'],
    [['http/names', 'http has the names *']],
  ),
  ...because(
    "Deno's parser has one code for all that is no HTTP",
    ['deno'],
    [['http/protocol', 'native: what is no HTTP is a clientError, *']],
  ),
  ...because(
    'what Deno hands to children is another handle, or none',
    ['deno'],
    [['http/send'], ['pipe-process', 'a program that takes other descriptors that do not block *']],
  ),
  ...because(
    'whoever has taken a listener of SIGPIPE away is ended by it in Deno, as by no other runtime',
    ['deno'],
    [['sigpipe']],
  ),
  ...because(
    "Deno's table of system errors is shorter than Node's",
    ['deno'],
    [['socket-options', 'no option that may be read *']],
  ),
  ...because(
    "Deno's readdir gives no bytes",
    ['deno'],
    [['unix-addr', 'a path that is no UTF-8 *']],
  ),
  ...because(
    'a worker that never lets its event loop run does not end by terminate() in Deno, with us or without',
    ['deno'],
    [
      ['lifecycle', 'terminate() ends a worker that waits for ever: poll'],
      ['engine/engine-lifecycle', '*: a worker is terminated at any time: handler'],
    ],
  ),
  ...because(
    'Deno loads the modules of this test after its turn, and ava has it declared in that',
    ['deno'],
    [['share-threads']],
  ),
  ...because(
    "Deno's own clients of HTTP, and the names and workers that its preload does not reach",
    ['deno'],
    [
      ['register/programs', 'http: *', 'names: is the same on ours*', 'NODE_OPTIONS *', '*: throw'],
      ['register/core'],
      ['register/threads'],
    ],
  ),
]
