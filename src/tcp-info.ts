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
  readonly state: TcpState
  /** Milliseconds until an unacknowledged segment is sent again. */
  readonly rto: number | undefined
  /** Milliseconds until an acknowledgement is sent that waits for company. */
  readonly ato: number | undefined
  /** The smoothed round-trip time, in milliseconds with fractions, and its variation. */
  readonly rtt: number | undefined
  readonly rttVar: number | undefined
  /** The least of them, in milliseconds. */
  readonly minRtt: number | undefined
  /** The round-trip time as the receiving side sees it, in milliseconds. */
  readonly recvRtt: number | undefined
  /** Bytes of the largest segment that is sent, and that was received. */
  readonly sendMss: number | undefined
  readonly recvMss: number | undefined
  /** Bytes of the largest segment that the peer was told. */
  readonly advMss: number | undefined
  /** Bytes of the largest packet on the path. */
  readonly pathMtu: number | undefined
  /** Segments: not acknowledged, selectively acknowledged, taken for lost, and sent again. */
  readonly unacked: number | undefined
  readonly sacked: number | undefined
  readonly lost: number | undefined
  readonly retrans: number | undefined
  /** Segments (macOS: packets) sent again since the connection began. */
  readonly totalRetrans: number | undefined
  /** Segments that may overtake each other without one being taken for lost. */
  readonly reordering: number | undefined
  /** The congestion window: segments on Linux, else bytes. */
  readonly sendCwnd: number | undefined
  /** Where slow start ends, likewise. */
  readonly sendSsthresh: number | undefined
  /** Milliseconds since then. */
  readonly lastDataSent: number | undefined
  readonly lastDataRecv: number | undefined
  readonly lastAckRecv: number | undefined
  /** Bytes per second; `Infinity` for no limit. */
  readonly pacingRate: number | undefined
  readonly maxPacingRate: number | undefined
  readonly deliveryRate: number | undefined
  /** Bytes since the connection began. */
  readonly bytesAcked: number | undefined
  readonly bytesReceived: number | undefined
  readonly bytesSent: number | undefined
  readonly bytesRetrans: number | undefined
  /** Bytes that wait here to be sent for the first time. */
  readonly notSentBytes: number | undefined
  /** Segments since the connection began. */
  readonly segsOut: number | undefined
  readonly segsIn: number | undefined
  readonly dataSegsOut: number | undefined
  readonly dataSegsIn: number | undefined
  readonly delivered: number | undefined
  /** Milliseconds spent sending; of those, limited by the peer's window, and by our buffer. */
  readonly busyTime: number | undefined
  readonly recvWindowLimited: number | undefined
  readonly sendBufferLimited: number | undefined
  /** Bytes of the peer's window, and of ours. */
  readonly sendWindow: number | undefined
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
