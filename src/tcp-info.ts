/** The states of TCP, by the numbers of Linux. */
const linuxStates = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECEIVED',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'TIME_WAIT',
  'CLOSED',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'SYN_RECEIVED',
] as const

/** The same, by those of the BSDs. */
const bsdStates = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'CLOSING',
  'LAST_ACK',
  'FIN_WAIT_2',
  'TIME_WAIT',
] as const

/**
 * The states of a connection, by their names in RFC 9293.
 *
 * @useDeclaredType
 *
 * @example
 * ```ts
 * import type { TcpInfo, TcpState } from 'mio-js'
 *
 * const over: readonly TcpState[] = ['CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSED']
 * const isOver = ({ state }: Pick<TcpInfo, 'state'>): boolean => over.includes(state)
 * console.log(isOver({ state: 'ESTABLISHED' })) // false
 * ```
 */
export type TcpState = (typeof linuxStates)[number]

const isLinux = process.platform === 'linux' || process.platform === 'android'

/**
 * What TCP knows of a connection: {@link SocketOptions.tcpInfo}. `undefined` is what this system, or
 * this version of it, does not tell: macOS and FreeBSD have about a third of these.
 *
 * @example
 * ```ts
 * // Linux alone.
 * import { type TcpInfo, TcpListener } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const info: TcpInfo = listener.options.tcpInfo()
 * console.log(info.state) // LISTEN
 * listener.close()
 * ```
 */
export interface TcpInfo {
  /** Where the connection is between its first and its last segment. */
  readonly state: TcpState
  /** Milliseconds until an unacknowledged segment is sent again. */
  readonly rto: number | undefined
  /** Milliseconds until an acknowledgement is sent that waits for company. */
  readonly ato: number | undefined
  /** The smoothed round-trip time, in milliseconds with fractions. */
  readonly rtt: number | undefined
  /** The variation of the round-trip time, in milliseconds with fractions. */
  readonly rttVar: number | undefined
  /** The least round-trip time, in milliseconds. */
  readonly minRtt: number | undefined
  /** The round-trip time as the receiving side sees it, in milliseconds. */
  readonly recvRtt: number | undefined
  /** Bytes of the largest segment that is sent. */
  readonly sendMss: number | undefined
  /** Bytes of the largest segment that was received. */
  readonly recvMss: number | undefined
  /** Bytes of the largest segment that the peer was told. */
  readonly advMss: number | undefined
  /** Bytes of the largest packet on the path. */
  readonly pathMtu: number | undefined
  /** Segments that are not acknowledged. */
  readonly unacked: number | undefined
  /** Segments of those that are selectively acknowledged. */
  readonly sacked: number | undefined
  /** Segments of those that are taken for lost. */
  readonly lost: number | undefined
  /** Segments of those that were sent again. */
  readonly retrans: number | undefined
  /** Segments (macOS: packets) sent again since the connection began. */
  readonly totalRetrans: number | undefined
  /** Segments that may overtake each other without one being taken for lost. */
  readonly reordering: number | undefined
  /** The congestion window: segments on Linux, else bytes. */
  readonly sendCwnd: number | undefined
  /** Where slow start ends: segments on Linux, else bytes. */
  readonly sendSsthresh: number | undefined
  /** Milliseconds since data was sent. */
  readonly lastDataSent: number | undefined
  /** Milliseconds since data was received. */
  readonly lastDataRecv: number | undefined
  /** Milliseconds since an acknowledgement was received. */
  readonly lastAckRecv: number | undefined
  /** Bytes per second at which segments are let go; `Infinity` for no limit. */
  readonly pacingRate: number | undefined
  /** Bytes per second that it may be at most; `Infinity` for no limit. */
  readonly maxPacingRate: number | undefined
  /** Bytes per second that arrived at the peer lately. */
  readonly deliveryRate: number | undefined
  /** Bytes that were acknowledged since the connection began. */
  readonly bytesAcked: number | undefined
  /** Bytes that were received since then. */
  readonly bytesReceived: number | undefined
  /** Bytes that were sent since then, those that were sent again included. */
  readonly bytesSent: number | undefined
  /** Bytes that were sent again since then. */
  readonly bytesRetrans: number | undefined
  /** Bytes that wait here to be sent for the first time. */
  readonly notSentBytes: number | undefined
  /** Segments that were sent since the connection began. */
  readonly segsOut: number | undefined
  /** Segments that were received since then. */
  readonly segsIn: number | undefined
  /** Segments with data that were sent since then. */
  readonly dataSegsOut: number | undefined
  /** Segments with data that were received since then. */
  readonly dataSegsIn: number | undefined
  /** Segments that arrived at the peer since then, as far as is known. */
  readonly delivered: number | undefined
  /** Milliseconds spent sending. */
  readonly busyTime: number | undefined
  /** Milliseconds spent sending in which the peer's window was the limit. */
  readonly recvWindowLimited: number | undefined
  /** Milliseconds spent sending in which our buffer was the limit. */
  readonly sendBufferLimited: number | undefined
  /** Bytes of the window of the peer. */
  readonly sendWindow: number | undefined
  /** Bytes of our window. */
  readonly recvWindow: number | undefined
  /** Bytes that the receive buffer is tuned for. */
  readonly recvSpace: number | undefined
  /** Segments that came out of order. */
  readonly recvOutOfOrder: number | undefined
}

/** The order in which native code has them: `option/tcp_info.rs`. */
const fields = [
  'rto',
  'ato',
  'rtt',
  'rttVar',
  'minRtt',
  'recvRtt',
  'sendMss',
  'recvMss',
  'advMss',
  'pathMtu',
  'unacked',
  'sacked',
  'lost',
  'retrans',
  'totalRetrans',
  'reordering',
  'sendCwnd',
  'sendSsthresh',
  'lastDataSent',
  'lastDataRecv',
  'lastAckRecv',
  'pacingRate',
  'maxPacingRate',
  'deliveryRate',
  'bytesAcked',
  'bytesReceived',
  'bytesSent',
  'bytesRetrans',
  'notSentBytes',
  'segsOut',
  'segsIn',
  'dataSegsOut',
  'dataSegsIn',
  'delivered',
  'busyTime',
  'recvWindowLimited',
  'sendBufferLimited',
  'sendWindow',
  'recvWindow',
  'recvSpace',
  'recvOutOfOrder',
] as const satisfies readonly Exclude<keyof TcpInfo, 'state'>[]

/** What native code fills. */
export function newTcpInfo(): Float64Array {
  return new Float64Array(1 + fields.length)
}

export function tcpInfoOf(numbers: Float64Array): TcpInfo {
  const states: readonly TcpState[] = isLinux ? linuxStates : bsdStates
  const info: Record<string, unknown> = { state: states[numbers[0] as number] ?? 'UNKNOWN' }
  for (const [index, name] of fields.entries()) {
    const number = numbers[index + 1] as number
    info[name] = Number.isNaN(number) ? undefined : number
  }
  return Object.freeze(info) as unknown as TcpInfo
}
