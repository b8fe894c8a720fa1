/**
 * The words that this facade and the native lanes exchange. The values are shared with the core.
 *
 * A batch of completions: a header of {@link headerWords} words, then records of
 * {@link recordWords}: kind and donated buffer, index, generation, a, b, acked bytes. Submissions
 * are records of {@link submissionWords}: operation, index, generation, a; their payload lies in a
 * buffer of its own, in the order of the records.
 */

/** What a completion says. */
export const Kind = Object.freeze({
  OPEN: 1,
  CONNECTED: 2,
  DATA: 3,
  DRAINED: 4,
  END: 5,
  TIMEOUT: 6,
  CLOSED: 7,
  DETACHED: 8,
  WROTE: 9,
  LISTENER_CLOSED: 10,
} as const)

/** What a submission asks for. */
export const Op = Object.freeze({
  WRITE: 1,
  BROADCAST: 2,
  SHUTDOWN: 3,
  CLOSE: 4,
  RESET: 5,
  PAUSE: 6,
  RESUME: 7,
  WANT_DRAIN: 8,
  NODELAY: 9,
  KEEPALIVE: 10,
  TIMEOUT: 11,
  DETACH: 12,
  CLOSE_LISTENER: 13,
  CONDEMN: 14,
  DESTROY: 15,
} as const)

/** The value of {@link Op.DESTROY} for whatever is queued. */
export const everything = 0xffff_ffff

export const headerWords = 8
export const recordWords = 6
export const submissionWords = 4

/** The most records, and bytes of data, that one batch has. */
export const batchRecords = 4096
export const batchBytes = 256 * 1024

/** The word of the header that tells how many more donated buffers would be of use. */
export const wantedAt = 2

/** Two addresses: the peer's, then the local one. */
export const addressBytes = 24

/** The bit of an index that JavaScript chose; as a signed number it is negative. */
export const ownBit = 1 << 31

/** All other bits of an index, and all bits of a generation that JavaScript chose. */
export const lowBits = 0x7fff_ffff

/** The system call that a CLOSED record names. */
export const syscalls = ['', 'connect', 'read', 'write', 'setsockopt', 'epoll_ctl', 'bind'] as const
