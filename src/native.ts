/**
 * The flat table of native functions, as `crates/binding/src/lib.rs` exports it. A test compares
 * the two.
 *
 * Handles are numbers. Every function returns a number: a result of at least 0, or a negative code
 * (see errors.ts). Nothing here checks what a program passes beyond what memory safety needs.
 */
export interface Native {
  /** The version of the package that the binary was built for. */
  readonly version: string
  /** The number that means "not now". */
  readonly wouldBlock: number
  /** The table of misuse: number, code, class and message, a line each, separated by tabs. */
  readonly errors: string

  pollOpen(): number
  pollClose(poll: number): number
  /** `timeout` in ms, `Infinity` for none; `events` are triples: token, readiness, registration. */
  poll(poll: number, timeout: number, events: Float64Array): number
  pollIsCurrent(poll: number, registration: number): number
  pollRaw(poll: number): number

  register(poll: number, source: number, token: number, interest: number): number
  reregister(poll: number, source: number, token: number, interest: number): number
  deregister(poll: number, source: number): number

  /** `kind`: 0 libuv, 1 thread. Returns 1, without waiting, if events are there already. */
  watch(poll: number, kind: number, capacity: number, callback: (code: number) => void): number
  unwatch(poll: number): number

  wakerOpen(poll: number, token: number): number
  wakerClose(poll: number): number
  wakerExists(id: number): number
  wake(id: number): number

  sourceClose(source: number): number
  sourceRaw(source: number): number
  sourceIntoRaw(source: number): number
  localAddr(source: number, out: Uint8Array): number
  ttl(source: number): number
  setTtl(source: number, ttl: number): number
  /** 0 for none, otherwise the negated code. */
  takeError(source: number): number

  listenerBind(
    host: string,
    port: number,
    flowinfo: number,
    scopeId: number,
    backlog: number,
  ): number
  listenerFromRaw(descriptor: number): number
  accept(listener: number, out: Uint8Array): number

  streamConnect(host: string, port: number, flowinfo: number, scopeId: number): number
  streamFromRaw(descriptor: number): number
  finishConnect(stream: number): number
  read(stream: number, buffer: ArrayBufferView, offset?: number, length?: number): number
  peek(stream: number, buffer: ArrayBufferView, offset?: number, length?: number): number
  write(stream: number, bytes: ArrayBufferView, offset?: number, length?: number): number
  readVectored(stream: number, buffers: readonly ArrayBufferView[]): number
  writeVectored(stream: number, buffers: readonly ArrayBufferView[]): number
  /** `how`: 0 read, 1 write, 2 both. */
  shutdown(stream: number, how: number): number
  peerAddr(stream: number, out: Uint8Array): number
  nodelay(stream: number): number
  setNodelay(stream: number, nodelay: 0 | 1): number
  flush(stream: number): number
  rearm(stream: number): number

  /** Does nothing: what crossing costs. */
  noop(): number
  /** Panics, to prove that a panic becomes an error. */
  panic(): number
  /** Open pollers times 2^32, plus open sources. */
  census(): number
}
