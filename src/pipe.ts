import { native } from './binding.ts'
import { handlePair } from './handle-pair.ts'
import { type Receiver, receiverOf } from './receiver.ts'
import { type Sender, senderOf } from './sender.ts'

/**
 * Makes a pipe: what is written to the sender is read from the receiver. Mind the order, which is
 * mio's and not that of pipe(2). Neither end blocks, and neither is inherited by child processes,
 * except where it is passed as `stdio` to `child_process.spawn`: see {@link Sender.setNonblocking}.
 *
 * @throws `EMFILE`, `ENFILE`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows: see `NamedPipe`.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { pipe } from 'mio-js'
 *
 * const [sender, receiver] = pipe()
 * console.log(sender.write(Buffer.from('hello'))) // 5
 * sender.close()
 * const buffer = Buffer.alloc(64)
 * console.log(receiver.read(buffer), receiver.read(buffer)) // 5 0
 * receiver.close()
 * ```
 */
export function pipe(): [sender: Sender, receiver: Receiver] {
  return handlePair(native.pipe, 'pipe', senderOf, receiverOf)
}
