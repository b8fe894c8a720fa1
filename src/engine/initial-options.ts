/**
 * The `options` of a `listen` or a `connect`. What the engine has a name of its own for is the same
 * thing said twice, and the one here counts.
 */
import { invalidValue } from '../errors.ts'
import { RecordedOptions } from '../option-store.ts'
import { record } from '../option-values.ts'
import { Field, Flag, type Numbers, lower, raise } from './options.ts'

class EngineOptions extends RecordedOptions {
  readonly #numbers: Numbers
  readonly #isListening: boolean

  constructor(numbers: Numbers, isListening: boolean) {
    super()
    this.#numbers = numbers
    this.#isListening = isListening
  }

  override setNumber(name: string, value: number): void {
    switch (name) {
      case 'nodelay':
        this.#setFlag(Flag.NO_DELAY, value)
        return
      case 'keepalive':
        this.#setFlag(Flag.KEEP_ALIVE, value)
        return
      case 'keepaliveTime':
        this.#numbers[Field.KEEP_ALIVE_DELAY] = value
        return
      case 'keepaliveInterval':
        this.#numbers[Field.KEEP_ALIVE_INTERVAL] = value
        return
      case 'keepaliveCount':
        this.#numbers[Field.KEEP_ALIVE_COUNT] = value
        return
      case 'reusePort':
        if (!this.#isListening) break
        this.#setFlag(Flag.REUSE_PORT, value)
        return
      case 'onlyV6':
        if (!this.#isListening) break
        this.#setFlag(Flag.IPV6_ONLY, value)
        return
      case 'fastOpenConnect':
        // Nothing is sent before the first write, and the engine waits for the connection.
        if (value === 0) break
        throw invalidValue('options.options.fastOpenConnect', 'false in the engine', true)
      default:
    }
    super.setNumber(name, value)
  }

  #setFlag(flag: number, value: number): void {
    if (value === 0) lower(this.#numbers, flag)
    else raise(this.#numbers, flag)
  }
}

/** To be called when everything else was read into `numbers`. */
export function listenOptionsOf(bag: object, numbers: Numbers): Uint8Array {
  return record(bag, new EngineOptions(numbers, true))
}

/** Likewise. */
export function connectOptionsOf(bag: object, numbers: Numbers): Uint8Array {
  return record(bag, new EngineOptions(numbers, false))
}
