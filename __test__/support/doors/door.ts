/** What all ways to have a connection have in common, so that the same traffic goes through each. */

/** One end of a connection. */
export interface Wire {
  /** Takes all of the bytes; false asks to wait for `drain`. */
  write(bytes: Buffer): boolean
  /** Sends the FIN behind what was written. */
  end(): void
  pause(): void
  resume(): void
  /** Closes by an RST. */
  reset(): void
}

/** Whoever is told what happens to an end. */
export interface Ears {
  open(wire: Wire): void
  data(wire: Wire, chunk: Buffer): void
  drain(wire: Wire): void
  end(wire: Wire): void
  close(wire: Wire, error: NodeJS.ErrnoException | undefined): void
}

/** How long silence may be, in milliseconds. What is not said does not end a connection. */
export interface Patience {
  /** Of the system, for bytes that nobody acknowledges. */
  readonly userTimeout?: number | undefined
  /** Of the system, when there is nothing to send. */
  readonly keepAlive?: { readonly delay: number; readonly interval: number; readonly count: number }
  /** Of the door: `idleTimeout` of the engine, `setTimeout` and `destroy` where there is no such limit. */
  readonly idleTimeout?: number | undefined
}

export interface Listening {
  readonly port: number
  /** Stops to listen; connections go on. */
  close(): Promise<void>
}

export interface Target {
  readonly host: string
  readonly port: number
}

export interface Door {
  /** Listens, and asks for ears for each connection. */
  listen(host: string, ears: () => Ears, patience?: Patience): Promise<Listening>
  /** Connects. A connect that fails is a `close` without an `open`. */
  connect(to: Target, ears: Ears, patience?: Patience): void
  /** Gives back what the door holds beside connections. */
  close(): Promise<void>
}
