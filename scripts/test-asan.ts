/**
 * Runs the tests of TypeScript on a module that AddressSanitizer has instrumented: a read or write of
 * memory that is not the module's, or not any more, ends the process that does it, and is reported
 * whatever its test makes of that.
 *
 * usage: npm run test:asan                    all, and those of the mirror and the engine twice, once
 *                                             for each way in which readiness can reach the event loop
 *        npm run test:asan -- --bounded       a few, in three minutes
 *        npm run test:asan -- [--wake uv|thread] SPEC…    such as `engine/model`
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tuple } from '#src/platform.js'
import { type Task, runSpecs } from './platforms/run-specs.js'
import { everySuite, type Runtime, type Suite, specsOf } from './platforms/runner.js'
import { makeStage, removeStage } from './platforms/stage.js'
import { addressRuntime, environment, target, unavailable } from './sanitizer.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { bounded: { type: 'boolean', default: false }, wake: { type: 'string' } },
})

/** What loads the module. */
const suites = everySuite.filter((suite) => suite !== 'cli' && suite !== 'release')
/** What has to do with how the event loop is woken. */
const twice: readonly Suite[] = ['mirror', 'engine']

/** What a short run tries: where memory of JavaScript's and of the module's meet. */
const bounded = [
  'bytes',
  'datagrams',
  'events',
  'model',
  'raw-fd',
  'share',
  'stale',
  'unix-path',
  'vectored',
  'engine/chunk',
  'engine/closing',
  'engine/detach',
  'engine/hostile',
  'engine/model',
  'engine/throwing',
  'engine/write-memory',
  'net/destroy',
  'net/onread',
]

interface Exclusion {
  readonly spec: string
  readonly titles: readonly string[]
  readonly why: string
}

const closed = 'std, which checks more here, ends a process that has closed what is not its own'

/** Tests that cannot pass here. */
const excluded: readonly Exclusion[] = [
  {
    spec: 'api',
    titles: ['every public function of mio stands in the page'],
    why: 'it asks cargo, whose allocator and that of the sanitizer are one too many',
  },
  {
    spec: 'pipe-raw-fd',
    titles: ['closing a descriptor behind a pipe is an error of each use, and no crash'],
    why: closed,
  },
  { spec: 'poll', titles: ['the process survives: descriptor-of-poll-closed'], why: closed },
  {
    spec: 'net/descriptors',
    titles: ['a descriptor that is closed behind its socket is an error of that, and of no other'],
    why: closed,
  },
  {
    spec: 'engine/failing-calls',
    titles: [
      '*: accepting waits while there is no memory, and goes on',
      '*: a connect is no connect if the system cannot name the peer',
    ],
    why: 'the sanitizer makes accept4 and getpeername for the module, whose calls are to fail',
  },
  {
    spec: 'engine/overload',
    titles: ['*: bad peers next to a hundred well-behaved ones: *'],
    why: 'it measures memory, of which the sanitizer keeps 256 MB that are free',
  },
  {
    spec: 'permission',
    titles: ['with* permission* for addons *'],
    why: 'what is loaded before it, for the sanitizer, is no file that it may read',
  },
]

interface Run {
  readonly wake: string
  readonly spec: string
}

function runs(): Run[] {
  const { wake } = values
  const of = (way: string, specs: readonly string[]): Run[] =>
    wake === undefined || wake === way ? specs.map((spec) => ({ wake: way, spec })) : []
  if (values.bounded) return of('uv', bounded)
  if (positionals.length > 0) return of(wake ?? 'uv', positionals)
  return [
    ...of(
      'uv',
      suites.flatMap((suite) => specsOf(suite)),
    ),
    ...of(
      'thread',
      twice.flatMap((suite) => specsOf(suite)),
    ),
  ]
}

/** The path of the module. */
function build(folder: string): string {
  // A module that is unloaded would take the names of its functions with it.
  const env = environment('address', ['-Clink-arg=-Wl,-z,nodelete'])
  const what = ['--release', '--locked', '--target', target, '--package', 'mio-js-binding']
  const { status } = spawnSync('cargo', ['build', ...what], { env, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  const built = `target/address/${target}/release/libmio_js_binding.so`
  if (!readFileSync(built).includes('__asan_report_load')) throw new Error('it is not instrumented')
  const module = join(folder, `mio-js.${tuple()}.node`)
  copyFileSync(built, module)
  return module
}

/**
 * A program that is Node with the sanitizer's runtime, and has what it starts be the same, if that is
 * Node: others do not bear it (curl hangs), and need not.
 */
function makeNode(folder: string): void {
  const [node, first] = [join(folder, 'node'), join(folder, 'first.cjs')]
  const preload = `LD_PRELOAD="${addressRuntime()}\${LD_PRELOAD:+:$LD_PRELOAD}"`
  writeFileSync(node, `#!/bin/sh\n${preload} exec "${process.execPath}" "$@"\n`, { mode: 0o755 })
  const lines = [
    `process.execPath = ${JSON.stringify(node)}`,
    `const [, ...others] = (process.env.LD_PRELOAD ?? '').split(':')`,
    `if (others.length > 0) process.env.LD_PRELOAD = others.join(':')`,
    `else delete process.env.LD_PRELOAD`,
  ]
  writeFileSync(first, lines.join('\n'))
}

function runtime(wake: string, folder: string): Runtime {
  const options = [
    // Leaks are looked for by tests of their own: V8 keeps what this would take for one.
    'detect_leaks=0',
    // What is too large to be had is null, as tests expect.
    'allocator_may_return_null=1',
    `log_path=${join(folder, 'report')}`,
  ]
  return {
    version: process.version,
    command: [join(folder, 'node')],
    environment: {
      ASAN_OPTIONS: options.join(':'),
      MIO_JS_WAKE: wake,
      NODE_OPTIONS: `--expose-gc --require=${join(folder, 'first.cjs')}`,
    },
    patience: 3,
  }
}

const begin = performance.now()

function tasks(folder: string): Task[] {
  const wanted = runs()
  if (wanted.length === 0) throw new Error('there is no such spec')
  return wanted.map(({ spec, wake }) => {
    const titles = excluded.flatMap((one) => (one.spec === spec ? one.titles : []))
    const match = titles.map((title) => `!${title}`)
    return { runtime: runtime(wake, folder), spec, match, name: `${wake} ${spec}` }
  })
}

const reason = unavailable()
if (reason === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-asan-'))
  makeNode(folder)
  const stage = makeStage(build(folder), tuple())
  try {
    const { failed, passed, skipped } = await runSpecs(stage, tasks(folder))
    const reports = readdirSync(folder).filter((name) => name.startsWith('report'))
    for (const name of reports) console.log(readFileSync(join(folder, name), 'utf8'))
    for (const { spec, titles, why } of excluded)
      for (const title of titles) console.log(`left out: ${spec}: ${title}: ${why}`)
    const seconds = Math.round((performance.now() - begin) / 1000)
    console.log(`AddressSanitizer: ${reports.length} reports`)
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`)
    process.exitCode = reports.length === 0 && failed === 0 && passed > 0 ? 0 : 1
  } finally {
    removeStage(stage)
    rmSync(folder, { recursive: true })
  }
} else {
  console.log(reason)
}
