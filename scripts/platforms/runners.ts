/** Every runner, in the order in which all are run. */
import { bunRunners } from './bun.js'
import { denoRunners } from './deno.js'
import { muslRunners } from './musl.js'
import { nodeRunners } from './node.js'
import { qemuRunners } from './qemu.js'
import type { Runner } from './runner.js'
import { wineRunners } from './wine.js'

export const runners: readonly Runner[] = [
  ...nodeRunners,
  ...bunRunners,
  ...denoRunners,
  ...muslRunners,
  ...qemuRunners,
  ...wineRunners,
]
