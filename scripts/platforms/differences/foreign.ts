/** Runtimes for another C library or processor than this machine's. */
import { because, type Difference } from './difference.js'

export const foreign: readonly Difference[] = [
  ...because(
    "system calls are made to fail by a library that is built for this machine's processor and C library",
    ['musl-', 'qemu-'],
    [['engine/failing-calls'], ['net/failing-calls']],
  ),
  ...because(
    'npm runs in the Node of this machine, and installs for that',
    ['musl-'],
    [['release/pack']],
  ),
]
