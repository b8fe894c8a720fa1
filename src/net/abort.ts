import { type Duplex, addAbortSignal as attachSignal } from 'node:stream'
import { wrongType } from './errors.ts'

/** Destroys the stream when the signal is aborted. */
export function addAbortSignal(stream: Duplex, signal: unknown): void {
  checkSignal(signal)
  attachSignal(signal, stream)
}

export function checkSignal(signal: unknown): asserts signal is AbortSignal {
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal
  if (!isSignal) throw wrongType('options.signal', 'an instance of AbortSignal', signal)
}
