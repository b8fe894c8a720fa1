/** Bun, whose modules are not Node's. */
import { because, type Difference } from './difference.js'

export const bun: readonly Difference[] = [
  ...because(
    "TypeScript's compiler cannot start its other process there",
    ['bun', 'musl-bun'],
    [['declarations']],
  ),
  ...because(
    'Bun tells it and ends with 1, but not before the program has nothing left to do',
    ['bun', 'musl-bun'],
    [['engine/throwing', '*: an exception that nobody catches ends the process']],
  ),
  ...because(
    'the same errors, in words of Bun: what its streams, its engine and its checks say',
    ['bun'],
    [
      [
        'net/arguments',
        'wrong values in setKeepAlive(true, value)',
        'wrong values in setEncoding(value)',
        'wrong values in setDefaultEncoding(value)',
        'wrong values in read(value)',
        'wrong values in write(text, value)',
        'wrong values in end(text, value)',
        'wrong values in isIP(value)',
        'wrong values in the option localAddress of connect',
      ],
      ['net/hostile', 'a view of a shared buffer, and one that is detached'],
      [
        'net/signal',
        'a signal *',
        'a timeout that is a signal',
        'an iterator of events with a signal *',
      ],
      ['net/lookup', '* that are none are refused'],
    ],
  ),
  ...because(
    "errors of Bun's own look-up of names, which has another class and other numbers",
    ['bun'],
    [
      ['net/server-listen', 'a host that does not exist'],
      [
        'net/socket-connect',
        'a name that does not exist',
        'a host of 300 characters',
        'the host * is no other *',
      ],
    ],
  ),
  ...because(
    'nobody can replace the net of Bun: what it does instead is in register/fallback',
    ['bun'],
    [['register/core'], ['register/programs'], ['register/threads']],
  ),
]
