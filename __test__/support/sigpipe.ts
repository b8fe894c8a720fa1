/**
 * For programs that write to peers that are gone: gives SIGPIPE back what a program of C has, which
 * is that it ends the process. Linux only.
 */
import { readFileSync } from 'node:fs'

// Node ignores it from the start; when the last handler is taken away, it is as it was by default.
const handler = (): void => {}
process.on('SIGPIPE', handler).off('SIGPIPE', handler)

const ignored = /^SigIgn:\t(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''

/** Whether a write without precautions would end the process. */
export const isDefault = (Number.parseInt(ignored.slice(-4), 16) & 0x10_00) === 0
