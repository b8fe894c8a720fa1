/**
 * Functions of the language and of Node that the hot path calls, as they were when this module was
 * loaded: what a program patches later changes neither what a socket does nor how fast.
 */
import { AsyncResource } from 'node:async_hooks'

type Method<This, Args extends unknown[], Result> = (self: This, ...args: Args) => Result

/** Makes `method(self, ...args)` of `self.method(...args)`, as Node does for itself. */
const uncurry = Function.prototype.bind.bind(Function.prototype.call) as <
  This,
  Args extends unknown[],
  Result,
>(
  method: (this: This, ...args: Args) => Result,
) => Method<This, Args, Result>

function getter<This, Result>(prototype: object, name: PropertyKey): (self: This) => Result {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  return uncurry(descriptor?.get as (this: This) => Result)
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array

/** The name of a typed array's class, of whichever realm; `undefined` for everything else. */
export const tagOf = getter<unknown, string | undefined>(typedArray, Symbol.toStringTag)
export const byteLengthOf = getter<NodeJS.TypedArray, number>(typedArray, 'byteLength')
export const byteOffsetOf = getter<NodeJS.TypedArray, number>(typedArray, 'byteOffset')
export const bufferOf = getter<NodeJS.TypedArray, ArrayBufferLike>(typedArray, 'buffer')

export const viewByteLengthOf = getter<DataView, number>(DataView.prototype, 'byteLength')
export const viewByteOffsetOf = getter<DataView, number>(DataView.prototype, 'byteOffset')
export const viewBufferOf = getter<DataView, ArrayBufferLike>(DataView.prototype, 'buffer')

/** `set(target, source, offset)`. */
export const set = uncurry(
  Uint8Array.prototype.set as (this: Uint8Array, source: Uint8Array, offset: number) => void,
)

/** `copy(source, target, targetStart, sourceStart, sourceEnd)`. */
export const copy = uncurry(
  Buffer.prototype.copy as (
    this: Uint8Array,
    target: Uint8Array,
    targetStart: number,
    sourceStart: number,
    sourceEnd: number,
  ) => number,
)

type WriteText = (this: Buffer, text: string, offset: number, length: number) => number

/** Node has writers for single encodings, faster than `write`; other runtimes may not. */
function textWriter(name: string, encoding: BufferEncoding): WriteText {
  const prototype = Buffer.prototype as unknown as Record<string, WriteText | undefined>
  const { write } = Buffer.prototype
  return (
    prototype[name] ??
    function generic(text, offset, length) {
      return Reflect.apply(write, this, [text, offset, length, encoding])
    }
  )
}

/** `writeUtf8(target, text, offset, room)`: the number of bytes. */
export const writeUtf8 = uncurry(textWriter('utf8Write', 'utf8'))
export const writeLatin1 = uncurry(textWriter('latin1Write', 'latin1'))
export const charCodeAt = uncurry(String.prototype.charCodeAt)

/** Runs a function in the asynchronous context of a resource. */
export const run = uncurry(
  AsyncResource.prototype.runInAsyncScope as <A, B>(
    this: AsyncResource,
    operation: (first: A, second: B) => unknown,
    self: undefined,
    first: A,
    second: B,
  ) => unknown,
) as <A, B>(
  resource: AsyncResource,
  operation: (first: A, second: B) => unknown,
  self: undefined,
  first: A,
  second: B,
) => unknown

export const nextTick: (callback: () => void) => void = process.nextTick
export const now = performance.now.bind(performance)
export const isView: (value: unknown) => value is ArrayBufferView = ArrayBuffer.isView
