import { native } from './binding.ts'
import { check } from './errors.ts'

/** Two sources that are made together: a native function puts their handles into its argument. */
export function handlePair<First, Second>(
  open: (out: Float64Array) => number,
  syscall: string,
  firstOf: (handle: number) => First,
  secondOf: (handle: number) => Second,
): [First, Second] {
  const handles = new Float64Array(2)
  check(open(handles), syscall)
  const [first, second] = handles as unknown as [number, number]
  try {
    return [firstOf(first), secondOf(second)]
  } catch (error) {
    // The stack is full: nobody else knows of these.
    native.sourceClose(first)
    native.sourceClose(second)
    throw error
  }
}
