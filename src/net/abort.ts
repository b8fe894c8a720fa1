import { wrongType } from './errors.ts'

export function checkSignal(signal: unknown): asserts signal is AbortSignal {
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal
  if (!isSignal) throw wrongType('options.signal', 'an instance of AbortSignal', signal)
}
