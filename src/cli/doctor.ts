/** `mio-js doctor`: what there is here, and whether it works. */
import { statSync } from 'node:fs'
import { release } from 'node:os'
import { describe, glibcVersion, here } from '../platform.ts'
import { version } from '../version.ts'
import { optionsOf } from './arguments.ts'
import { type Limits, limits } from './limits.ts'
import type { Check } from './self-test.ts'
import { type Style, styleOf } from './terminal.ts'

/** What `--json` prints. */
export interface Diagnosis {
  readonly ok: boolean
  /** The package, the platform and the runtime in one line. */
  readonly summary: string
  readonly version: string
  readonly runtime: { readonly name: string; readonly version: string }
  readonly platform: {
    readonly platform: string
    readonly arch: string
    readonly libc?: string | undefined
    readonly libcVersion?: string | undefined
    readonly kernel: string
    readonly tuple: string
  }
  readonly binary: Binary | { readonly error: string }
  /** How engines and Polls work that were not told: undefined without a binary. */
  readonly defaults?: { readonly io: string; readonly wake: string } | undefined
  readonly limits: Limits
  readonly checks: readonly Check[]
  /** What could be better, and how. */
  readonly advice: readonly string[]
}

interface Binary {
  readonly file: string
  readonly version: string
  readonly bytes: number
}

/** Prints the diagnosis. Returns the exit code: 1 if something does not work. */
export async function doctor(args: string[]): Promise<number> {
  const { json } = optionsOf(args, { json: { type: 'boolean', default: false } })
  const diagnosis = await diagnose()
  if (json) console.log(JSON.stringify(diagnosis, finiteOnly, 2))
  else console.log(report(diagnosis, styleOf(process.stdout)))
  return diagnosis.ok ? 0 : 1
}

/** JSON has no infinity. */
function finiteOnly(_key: string, value: unknown): unknown {
  return value === Infinity ? 'unlimited' : value
}

async function diagnose(): Promise<Diagnosis> {
  const found = await find()
  const platform = here()
  const checks = 'error' in found ? [] : await (await import('./self-test.ts')).selfTest()
  const own = limits()
  const libcVersion = platform.libc === 'glibc' ? glibcVersion(process.report) : undefined
  return {
    ok: checks.length > 0 && checks.every(({ error }) => error === undefined),
    summary: describe(platform),
    version,
    runtime: runtime(),
    platform: { ...platform, libcVersion, kernel: release() },
    binary: 'error' in found ? found : found.binary,
    defaults: 'error' in found ? undefined : found.defaults,
    limits: own,
    checks,
    advice: adviceOn(own),
  }
}

function runtime(): Diagnosis['runtime'] {
  const { versions } = process
  const name = ['bun', 'deno', 'electron'].find((other) => versions[other] !== undefined) ?? 'node'
  return { name, version: versions[name] ?? '' }
}

type Found = Pick<Diagnosis, 'defaults'> & { readonly binary: Binary }

/** The binary, and what depends on it; or why there is none. */
async function find(): Promise<Found | { readonly error: string }> {
  try {
    const { binary: file, native } = await import('../binding.ts')
    const { Wake, chooseWake } = await import('../wake.ts')
    const { ioNameOf } = await import('../engine/io.ts')
    const { size } = statSync(file)
    const wake = chooseWake() === Wake.uv ? 'uv' : 'thread'
    const defaults = { io: ioNameOf(), wake }
    return { binary: { file, version: native.version, bytes: size }, defaults }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

/** As many descriptors as the default of `maxConnections` needs: it is half of them at most. */
const usualDescriptors = 20_000
const usualBacklog = 511

function adviceOn({ descriptors, backlog, available, quota = Infinity }: Limits): string[] {
  const advice: string[] = []
  if (descriptors !== undefined && descriptors.soft < usualDescriptors) {
    const half = Math.floor(descriptors.soft / 2)
    advice.push(
      `${descriptors.soft} descriptors let a server of the engine have ${half} connections by default: raise the limit (ulimit -n, LimitNOFILE=) for more.`,
    )
  }
  if (backlog !== undefined && backlog < usualBacklog) {
    advice.push(
      `${backlog} connections may wait to be accepted, whatever a program asks for: raise net.core.somaxconn if clients come in bursts.`,
    )
  }
  if (Math.min(available, quota) < 2) {
    advice.push(
      'One processor is all there is: an I/O thread shares it with JavaScript, and MIO_JS_IO=inline may be better. Try `mio-js bench` with both.',
    )
  }
  return advice
}

function report(diagnosis: Diagnosis, style: Style): string {
  const { advice, binary, checks, defaults, ok, platform, summary } = diagnosis
  const rows: [string, string][] = [
    [
      'platform',
      `${platform.tuple}, ${process.platform === 'win32' ? 'Windows' : 'kernel'} ${platform.kernel}`,
    ],
    ...('error' in binary ? [] : binaryRows(binary)),
    ...(defaults === undefined ? [] : defaultRows(defaults)),
    ...limitRows(diagnosis.limits),
  ]
  const width = Math.max(
    ...rows.map(([name]) => name.length),
    ...checks.map(({ name }) => name.length),
  )
  const lines = [
    style.bold(summary),
    '',
    ...rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    '',
  ]
  if ('error' in binary) lines.push(style.bad(binary.error))
  for (const check of checks) {
    lines.push(
      `${check.name.padEnd(width)}  ${outcomeOf(check, style)} ${style.dim(`${check.milliseconds} ms`)}`,
    )
  }
  if (advice.length > 0) lines.push('', ...advice)
  lines.push('', ok ? style.good('Everything works.') : style.bad('Something does not work.'))
  return lines.join('\n')
}

function outcomeOf({ error, unavailable }: Check, style: Style): string {
  if (unavailable !== undefined) return style.dim(unavailable)
  return error === undefined ? style.good('ok') : style.bad(`failed: ${error}`)
}

function binaryRows({ bytes, file, version: own }: Binary): [string, string][] {
  return [['binary', `${file}, version ${own}, ${(bytes / 1e6).toFixed(2)} MB`]]
}

const variable = (name: string): string => (process.env[name] === undefined ? '' : ` (${name})`)

function defaultRows({
  io,
  wake,
}: {
  readonly io: string
  readonly wake: string
}): [string, string][] {
  const how = wake === 'uv' ? 'libuv watches the selector' : 'a thread waits'
  return [
    ['driver', `${io}${variable('MIO_JS_IO')}`],
    ['wake-up', `${wake}${variable('MIO_JS_WAKE')}: ${how}`],
  ]
}

function limitRows({
  available,
  backlog,
  cores,
  descriptors,
  memory,
  quota,
}: Limits): [string, string][] {
  const number = (value: number): string =>
    value === Infinity ? 'unlimited' : value.toLocaleString('en')
  const group = [
    ...(quota === undefined ? [] : [`a quota of ${quota.toFixed(2)}`]),
    ...(memory === undefined ? [] : [`${(memory / 2 ** 20).toFixed(0)} MiB of memory`]),
  ]
  return [
    ...(descriptors === undefined
      ? []
      : [
          ['descriptors', `${number(descriptors.soft)}, at most ${number(descriptors.hard)}`] as [
            string,
            string,
          ],
        ]),
    ...(backlog === undefined
      ? []
      : [['backlog', `at most ${number(backlog)}`] as [string, string]]),
    ['processors', [`${available} of ${cores}`, ...group].join(', ')],
  ]
}
