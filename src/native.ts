import type { OptionTarget } from './option-target.ts'

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
  pollStats(poll: number, out: Float64Array): number

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
  /** See kind.ts. */
  sourceKind(source: number): number
  sourceRaw(source: number): number
  sourceIntoRaw(source: number): number
  /** The number by which any thread takes the source; see kind.ts. */
  sourceShare(source: number, kind: number): number
  sourceTake(id: number, kind: number): number
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
    reusePort?: 0 | 1,
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

  /** Options that are one number, by name; yes is 1, no is 0, nothing is 2^32. */
  option(target: OptionTarget, name: string): number
  setOption(target: OptionTarget, name: string, value: number): number
  optionText(target: OptionTarget, name: string, out: Uint8Array): number
  setOptionText(target: OptionTarget, name: string, text: string): number
  /** Returns the length of the value. */
  rawOption(target: OptionTarget, level: number, name: number, out: Uint8Array): number
  setRawOption(target: OptionTarget, level: number, name: number, value: Uint8Array): number
  /** See tcp-info.ts. */
  tcpInfo(target: OptionTarget, out: Float64Array): number

  /** `protocol`: 0 TCP, 1 UDP. `family`: 4 or 6. */
  builderOpen(protocol: number, family: number): number
  builderBind(
    builder: number,
    host: string,
    port: number,
    flowinfo: number,
    scopeId: number,
  ): number
  /** The last three return a new handle, instead of that of the builder. */
  builderListen(builder: number, backlog: number): number
  builderConnect(
    builder: number,
    host: string,
    port: number,
    flowinfo: number,
    scopeId: number,
  ): number
  builderBindUdp(
    builder: number,
    host: string,
    port: number,
    flowinfo: number,
    scopeId: number,
  ): number

  udpBind(host: string, port: number, flowinfo: number, scopeId: number): number
  udpFromRaw(descriptor: number): number
  udpConnect(socket: number, host: string, port: number, flowinfo: number, scopeId: number): number
  udpSend(socket: number, bytes: ArrayBufferView, offset?: number, length?: number): number
  udpSendTo(
    socket: number,
    host: string,
    port: number,
    flowinfo: number,
    scopeId: number,
    bytes: ArrayBufferView,
    offset?: number,
    length?: number,
  ): number
  /**
   * The length of a datagram that was cut is more than the buffer has. `how`: 1 to peek, 2 for the
   * sender in `out`, 3 for both.
   */
  udpReceive(
    socket: number,
    how: 0 | 1 | 2 | 3,
    out: Uint8Array,
    buffer: ArrayBufferView,
    offset?: number,
    length?: number,
  ): number
  /** As many datagrams as there are `lengths`; `memory`: `size` bytes for each, `peers`: 28. */
  udpReceiveMany(
    socket: number,
    size: number,
    memory: Uint8Array,
    lengths: Uint32Array,
    peers: Uint8Array,
  ): number
  udpSendMany(
    socket: number,
    size: number,
    start: number,
    count: number,
    memory: Uint8Array,
    lengths: Uint32Array,
    peers: Uint8Array,
  ): number
  /** 0 for none. */
  peerAddress(peers: Uint8Array, index: number, out: Uint8Array): number
  setPeerAddress(
    peers: Uint8Array,
    index: number,
    host?: string,
    port?: number,
    flowinfo?: number,
    scopeId?: number,
  ): number
  /** `networkInterface`: an IPv4 address, or the number of an interface for IPv6. */
  udpMembership(socket: number, join: 0 | 1, group: string, networkInterface: string): number

  /** Addresses of Unix sockets: a path, or NUL and an abstract name; `out`: a length before it. */
  unixListenerBind(address: Uint8Array, backlog: number): number
  unixListenerFromRaw(descriptor: number): number
  unixAccept(listener: number, out: Uint8Array): number
  unixConnect(address: Uint8Array): number
  unixStreamFromRaw(descriptor: number): number
  unixPair(out: Float64Array): number
  /** 0 for what can be an address. */
  unixCheckAddress(address: Uint8Array): number
  unixLocalAddr(socket: number, out: Uint8Array): number
  unixPeerAddr(socket: number, out: Uint8Array): number
  unixDatagramOpen(address?: Uint8Array): number
  unixDatagramPair(out: Float64Array): number
  unixDatagramFromRaw(descriptor: number): number
  unixDatagramConnect(socket: number, address: Uint8Array): number
  unixDatagramSend(socket: number, bytes: ArrayBufferView, offset?: number, length?: number): number
  unixDatagramSendTo(
    socket: number,
    address: Uint8Array,
    bytes: ArrayBufferView,
    offset?: number,
    length?: number,
  ): number
  /** As `udpReceive`, but that the sender is always told. */
  unixDatagramReceive(
    socket: number,
    out: Uint8Array,
    buffer: ArrayBufferView,
    offset?: number,
    length?: number,
  ): number

  pipe(out: Float64Array): number
  senderFromRaw(descriptor: number): number
  receiverFromRaw(descriptor: number): number
  setNonblocking(pipe: number, nonblocking: 0 | 1): number
  borrow(descriptor: number): number

  namedPipeCreate(name: string): number
  namedPipeOpen(name: string): number
  namedPipeFromRaw(handle: number): number
  namedPipeConnect(pipe: number): number
  namedPipeDisconnect(pipe: number): number

  /**
   * `io`: 0 inline, 1 thread, 2 auto. `wake` as `kind` of `watch`. `limits`: bytes pending in total.
   * `records` and `data` are filled before each batch; `dispatch` delivers it (see
   * engine/protocol.ts).
   */
  engineOpen(
    io: number,
    wake: number,
    threads: number,
    limits: Float64Array,
    records: Uint32Array,
    data: Uint8Array,
    dispatch: (lane: number, count: number) => number,
  ): number
  engineClose(engine: number): number
  /** After each call of `dispatch` where `wake` is 2, from a turn of the event loop of its own. */
  engineTurn(engine: number): number
  /**
   * `text`: a literal address or a path; `numbers` as engine/options.ts fills them; `options`: names
   * and values, each with a null byte behind it.
   */
  /** `numbers` tell whether it was an option that was refused. */
  engineListen(
    engine: number,
    listener: number,
    text: string,
    options: Uint8Array,
    numbers: Float64Array,
  ): number
  /** A descriptor that is bound and the caller's, who says when somebody has taken it; `numbers` tell the port. */
  streamBind(text: string, numbers: Float64Array): number
  engineListenerAddr(engine: number, listener: number, out: Uint8Array): number
  /** Returns the length of the path of a Unix socket; NUL is before an abstract name. */
  engineListenerPath(engine: number, listener: number, out: Uint8Array): number
  engineConnect(
    engine: number,
    lane: number,
    text: string,
    localText: string,
    numbers: Float64Array,
    options: Uint8Array,
  ): number
  engineAdopt(engine: number, lane: number, descriptor: number, numbers: Float64Array): number
  /** The descriptor, which stays the engine's. */
  engineRaw(engine: number, lane: number, index: number, generation: number): number
  engineListenerRaw(engine: number, listener: number): number
  /** Another descriptor of it, the caller's, who says when somebody has taken it. */
  engineListenerDuplicate(engine: number, listener: number): number
  /** Closes a descriptor that an engine has given away, should the thread end before it was taken. */
  descriptorKeep(descriptor: number): void
  /** Somebody owns the descriptor from here on. */
  descriptorTaken(descriptor: number): void
  engineSubmit(
    engine: number,
    lane: number,
    words: Uint32Array,
    wordCount: number,
    data: Uint8Array,
    dataLength: number,
  ): number
  /** One large write. What was submitted before must have been handed over. */
  engineWrite(
    engine: number,
    lane: number,
    index: number,
    generation: number,
    bytes: Uint8Array,
  ): number
  /** `slot`: 0 to 63; `buffer`: 64 KiB that native code may write to until a record names it. */
  engineDonate(engine: number, lane: number, slot: number, buffer: Uint8Array): number
  engineWake(engine: number, lane: number): number
  engineKeepAlive(engine: number, isAlive: 0 | 1): number
  engineStats(engine: number, out: Float64Array): number
  listenerStats(engine: number, listener: number, out: Float64Array): number
  /** 0 inline, 1 thread. */
  engineMode(engine: number, lane: number): number

  /** Does nothing: what crossing costs. */
  noop(): number
  /** Panics, to prove that a panic becomes an error. */
  panic(): number
  /** Open pollers times 2^32, plus open sources. */
  census(): number
}
