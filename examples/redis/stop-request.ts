const PERIOD = 200

/** Somebody wants this program to end: by a signal, or by ending the `npm start` that runs it. */
export class StopRequest {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined

  constructor() {
    // Once: whoever asks a second time does not want to wait.
    process.once('SIGINT', this.#stop)
    process.once('SIGTERM', this.#stop)
    if (process.env['npm_lifecycle_event'] !== undefined) this.#timer = this.#watchParent()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  dispose(): void {
    process.off('SIGINT', this.#stop)
    process.off('SIGTERM', this.#stop)
    clearInterval(this.#timer)
  }

  readonly #stop = (): void => {
    this.#controller.abort()
  }

  /** npm sends a signal on to the shell between it and us, and many a shell just ends. */
  #watchParent(): NodeJS.Timeout {
    const parent = process.ppid
    const look = (): void => {
      if (process.ppid !== parent) this.#stop()
    }
    return setInterval(look, PERIOD).unref()
  }
}
