import { unavailableHere } from './errors.ts'

/** Descriptors are files on Unix and sockets on Windows, and so are the names of the methods. */
export const onUnix = process.platform === 'win32' ? unavailable : call
export const onWindows = process.platform === 'win32' ? call : unavailable

function call<T>(argument: T, operation: (argument: T) => number): number {
  return operation(argument)
}

function unavailable(): never {
  throw unavailableHere('Descriptors have another name')
}
