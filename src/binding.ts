/** Loads the platform's binary. How it is found: `loader.ts`. */
import { createRequire } from 'node:module'
import { load } from './loader.ts'
import type { Native } from './native.ts'
import { here } from './platform.ts'
import { isTracing, trace } from './trace.ts'

// A bundler that makes CommonJS of this leaves no `import.meta.url`, but then there is a file name.
const from = (import.meta.url as string | undefined) ?? __filename

const loaded = load(createRequire(from), here())
if (isTracing) trace('binary loaded: %s', loaded.file)

/** The native functions. */
export const native: Native = loaded.native

/** The file that has them. */
export const binary: string = loaded.file
