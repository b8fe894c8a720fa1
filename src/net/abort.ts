import { wrongType } from './errors.ts'

export function checkSignal(
  signal: unknown,
  name = 'options.signal',
): asserts signal is AbortSignal {
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal
  if (!isSignal) throw wrongType(name, 'an instance of AbortSignal', signal)
}
