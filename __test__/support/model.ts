/**
 * What the package promises about sockets and Polls, in plain JavaScript: registrations, the bytes
 * of a connection, and which events are owed. The model spec compares it with the real thing.
 */
import type { Interest, Token } from 'mio-js'

/** A registration; each is another object, so that it can be told whether it is the same. */
export interface Registered {
  poll: number
  token: Token
  interest: Interest
}

/** One end of a connection. */
export class End {
  /** What the peer wrote and this end did not read yet. */
  readonly inbox: number[] = []
  /** Every byte that was ever written is the next of a sequence. */
  written = 0
  isShut = false
  isGone = false
  peer!: End

  /** Whether the connection is no longer what both ends wanted: the system decides when it shows. */
  get isTorn(): boolean {
    return this.peer.isGone
  }

  /** Whether a read would find something: bytes, the end, or an error. */
  get isReadable(): boolean {
    return this.inbox.length > 0 || this.peer.isShut || this.peer.isGone
  }

  write(count: number): Uint8Array {
    const bytes = Uint8Array.from({ length: count }, (_, index) => (this.written + index) % 251)
    this.written += count
    this.peer.inbox.push(...bytes)
    return bytes
  }

  close(): void {
    this.isGone = true
  }

  /** The two ends of a new connection. */
  static pair(): [End, End] {
    const [first, second] = [new End(), new End()]
    first.peer = second
    second.peer = first
    return [first, second]
  }
}

/** A source, whatever it is: its registration, and for which readiness an event is owed. */
export class SourceModel {
  registered: Registered | null = null
  isClosed = false
  #armedRead = false
  #armedWrite = false

  /** `end`: of a stream; `queue`: the connections that wait at a listener. */
  constructor(
    readonly end: End | null,
    readonly queue: End[] = [],
  ) {}

  get isReadable(): boolean {
    return this.end === null ? this.queue.length > 0 : this.end.isReadable
  }

  /** The code of the error of `register`, if it fails. */
  registerFails(poll: PollModel, token: Token): string | null {
    if (poll.isClosed) return 'ERR_POLL_CLOSED'
    if (this.isClosed) return 'ERR_SOURCE_CLOSED'
    if (this.registered !== null) return 'ERR_SOURCE_ALREADY_REGISTERED'
    return poll.waker === token ? 'ERR_TOKEN_IN_USE' : null
  }

  reregisterFails(poll: PollModel, token: Token): string | null {
    if (poll.isClosed) return 'ERR_POLL_CLOSED'
    if (this.isClosed) return 'ERR_SOURCE_CLOSED'
    if (this.registered === null) return 'ERR_SOURCE_NOT_REGISTERED'
    if (this.registered.poll !== poll.index) return 'ERR_SOURCE_REGISTERED_ELSEWHERE'
    return poll.waker === token ? 'ERR_TOKEN_IN_USE' : null
  }

  deregisterFails(poll: PollModel): string | null {
    if (poll.isClosed) return 'ERR_POLL_CLOSED'
    if (this.isClosed) return 'ERR_SOURCE_CLOSED'
    return this.registered?.poll === poll.index ? null : 'ERR_SOURCE_NOT_REGISTERED'
  }

  register(registered: Registered): void {
    this.registered = registered
    this.#armedRead = true
    this.#armedWrite = true
  }

  /** Changes the registration, which stays the same one. */
  reregister(token: Token, interest: Interest): void {
    Object.assign(this.registered!, { token, interest })
    this.#armedRead = true
    this.#armedWrite = true
  }

  close(): void {
    this.isClosed = true
    this.registered = null
    this.end?.close()
    for (const waiting of this.queue.splice(0)) waiting.close()
  }

  /** An operation would have blocked: the next readiness is owed an event. */
  wouldBlock(): void {
    this.#armedRead = true
  }

  reported(isReadable: boolean, isWritable: boolean): void {
    if (isReadable) this.#armedRead = false
    if (isWritable) this.#armedWrite = false
  }

  /** Whether the next poll must report this source. */
  get isOwed(): boolean {
    const { registered } = this
    if (registered === null) return false
    const isWritable = this.end !== null && !this.end.isTorn && !this.end.isShut
    return (
      (registered.interest.isReadable() && this.#armedRead && this.isReadable) ||
      (registered.interest.isWritable() && this.#armedWrite && isWritable)
    )
  }
}

/** A Poll: its waker's token, and whether a wake is pending. */
export class PollModel {
  isClosed = false
  waker: Token | null = null
  isWoken = false

  constructor(readonly index: number) {}

  close(): void {
    this.isClosed = true
    this.waker = null
    this.isWoken = false
  }
}
