/** Tests that only some systems can run. */
import test, { type ExecutionContext } from 'ava'
import { isBun } from './runtime.js'

export const unix = process.platform === 'win32' ? test.skip : test
export const linux = process.platform === 'linux' ? test : test.skip
export const windows = process.platform === 'win32' ? test : test.skip

/** In CI on Linux all is there that tests need: what is missing fails them, and skips none. */
export const isComplete = process.platform === 'linux' && process.env['CI'] === 'true'

export type Run = (title: string, body: (t: ExecutionContext) => void | Promise<void>) => void

/** Declares tests that need something; where it is missing they are skipped, and say why. */
export function where(isHere: boolean, why: string): Run {
  return (title, body) => {
    if (isHere) test(title, body)
    else test.skip(`${title} (${why})`, body)
  }
}

/** Tests in which the runtime's `net.Socket` is made of a descriptor. */
export const adoptedByNode = where(
  process.platform !== 'win32' && !isBun,
  'neither Windows nor Bun makes sockets of descriptors',
)

/** Tests of connections of HTTP that are this package's. */
export const served = where(!isBun, "Bun's http is not made of net")

/** The same where there are native servers, too. */
export const servedNatively = where(
  process.platform !== 'win32' && !isBun,
  'there are no native servers in Windows, and none at all in Bun',
)

const [major = 0] = process.versions.node.split('.').map(Number)

/** Tests of what Node does as it is described since this version; ours always does it. */
export function since(version: number, before: string): Run {
  return where(major >= version, `Node ${major} ${before}`)
}

/** The same where only Linux has it. */
export function linuxSince(version: number, before: string): Run {
  return process.platform === 'linux' ? since(version, before) : test.skip
}
