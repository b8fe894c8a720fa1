/** Wine on Linux, where it is neither Windows nor Linux. */
import { because, type Difference } from './difference.js'

export const wine: readonly Difference[] = [
  ...because(
    "Wine knows nothing of first instances: Node's own servers share a name there, too.",
    ['wine-'],
    [
      ['named-pipe', 'a name has one server (Windows)'],
      ['engine/named-pipe', '*: a name that somebody has is EADDRINUSE'],
    ],
  ),
  ...because(
    'Wine makes WSAEOPNOTSUPP of EAFNOSUPPORT.',
    ['wine-'],
    [
      [
        'datagrams',
        'an error ends a batch before its datagram, and is thrown by the call for the rest',
      ],
      ['engine/connect-failures', '*: a local address of the other family fails'],
    ],
  ),
  ...because(
    "Sockets are Linux's, where a full queue lets clients wait: two more cases keep it alive.",
    ['wine-'],
    [
      [
        'engine/engine-process',
        '*: servers and sockets keep the process alive, and nothing else does',
      ],
    ],
  ),
  ...because(
    'It compares times, and Wine answers too few messages in the time that is measured.',
    ['wine-'],
    [['engine/overload', '*: bad peers next to a hundred well-behaved ones: *']],
  ),
  ...because(
    'Wine does not always send all that it took when the socket is closed.',
    ['wine-'],
    [
      ['engine/ending', '*: allowHalfOpen lets 10 MB follow the peer’s end, in both directions'],
      ['engine/drain', '*: writing in the drain handler never fills the stack'],
      ['net/hostile', '10 megabytes to a peer that has ended, *'],
    ],
  ),
  ...because(
    'what Node itself does on Wine: it refuses many buffers at once, says EISCONN of a connect on its way, and does not stay for a socket that is paused',
    ['wine-'],
    [
      ['net/socket-write', '5,000 corked writes, *'],
      ['net/socket-connect', 'a second connect while the first is on its way *'],
      ['net/holding', 'core: *'],
    ],
  ),
  ...because(
    "Wine tells the peer, a server of Node's, that all is sent when it is not.",
    ['wine-'],
    [['engine/pause', '*: a pause slows the peer down']],
  ),
  ...because(
    'Wine at times tells of a reset as of an end, or before what came first.',
    ['wine-'],
    [
      ['engine/closing', 'thread: after * in the end handler *'],
      ['engine/reset', '*: a socket that closes hears of a reset only if bytes were lost'],
      ['net/socket-destroy', 'a reset of an end that was told already'],
    ],
  ),
]
