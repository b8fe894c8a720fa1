/** Where options are set: on a socket that exists, or on a list for one that does not yet. */
import { native } from './binding.ts'
import { check, invalidState } from './errors.ts'
import type { OptionTarget } from './option-target.ts'
import { type TcpInfo, newTcpInfo, tcpInfoOf } from './tcp-info.ts'

/** The number that stands for nothing. */
export const NONE = 2 ** 32

/** Bytes that the name of an interface, or of a way to control congestion, may have. */
export const maxText = 15

export interface OptionStore {
  number(name: string): number
  setNumber(name: string, value: number): void
  text(name: string): string
  setText(name: string, value: string): void
  raw(level: number, name: number, length: number): Buffer
  setRaw(level: number, name: number, value: Uint8Array): void
  tcpInfo(): TcpInfo
}

/** The options of a socket. `target` says whose, each time, or throws if that is closed. */
export function liveStore(target: () => OptionTarget): OptionStore {
  return {
    number: (name) => check(native.option(target(), name), 'getsockopt'),
    setNumber(name, value) {
      check(native.setOption(target(), name, value), 'setsockopt')
    },
    text(name) {
      const out = Buffer.alloc(maxText + 1)
      const length = check(native.optionText(target(), name, out), 'getsockopt')
      // Some systems count the null byte behind it, or fill up with them.
      const [text] = out.toString('utf8', 0, length).split('\0', 1)
      return text ?? ''
    },
    setText(name, value) {
      check(native.setOptionText(target(), name, value), 'setsockopt')
    },
    raw(level, name, length) {
      const out = Buffer.alloc(length)
      return out.subarray(0, check(native.rawOption(target(), level, name, out), 'getsockopt'))
    },
    setRaw(level, name, value) {
      check(native.setRawOption(target(), level, name, value), 'setsockopt')
    },
    tcpInfo() {
      const numbers = newTcpInfo()
      check(native.tcpInfo(target(), numbers), 'getsockopt')
      return tcpInfoOf(numbers)
    },
  }
}

/** Remembers what is set: names and values, each with a null byte behind it. */
export class RecordedOptions implements OptionStore {
  #text = ''

  get bytes(): Uint8Array {
    return Buffer.from(this.#text)
  }

  setNumber(name: string, value: number): void {
    this.#text += `${name}\0${value}\0`
  }

  setText(name: string, value: string): void {
    this.#text += `${name}\0${value}\0`
  }

  number(): never {
    throw noSocket()
  }

  text(): never {
    throw noSocket()
  }

  raw(): never {
    throw noSocket()
  }

  setRaw(): never {
    throw noSocket()
  }

  tcpInfo(): never {
    throw noSocket()
  }
}

function noSocket(): Error {
  return invalidState('There is no socket yet')
}
