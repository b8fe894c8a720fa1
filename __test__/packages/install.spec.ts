/**
 * What is published by the release's script is installed by each package manager from a registry,
 * and runs in each runtime, on a machine that can build nothing.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Diagnosis } from '#src/cli/doctor.js'
import { packageName, tuple } from '#src/platform.js'
import { version } from '#src/version.js'
import { type Target, targets } from '../../scripts/platform-packages.js'
import { installTools } from '../../scripts/tools.js'
import '../support/census.js'
import { programs } from '../support/installed.js'
import { NpmRegistry, packRelease } from '../support/npm-registry.js'

/** The runtimes come from npm packages for this platform. */
const isHere = process.platform === 'linux' && process.arch === 'x64'
const here = isHere ? test : test.skip
const where = '(Linux x64: the tools are packages for it)'

const target = targets().find((one) => one.tuple === tuple()) as Target
const binding = packageName(tuple())

let [tools, folder] = ['', '']
let registry: NpmRegistry

const nodeOf = (major: number): string => join(tools, `node-${major}/bin/node`)
const bun = (): string => join(tools, '@oven/bun-linux-x64/bin/bun')
const deno = (): string => join(tools, '@deno/linux-x64-glibc/deno')

/** Of a machine that has this Node and its npm, and nothing to build with. */
const path = [
  dirname(process.execPath),
  dirname(realpathSync(process.execPath)),
  ...(process.platform === 'win32' ? [] : ['/usr/bin', '/bin']),
].join(delimiter)

function run(cwd: string, command: string, args: readonly string[]): SpawnSyncReturns<string> {
  const { PATH: _path, NODE_OPTIONS: _options, ...rest } = process.env
  const env = { ...rest, ...registry.env, PATH: path, NO_COLOR: '1' }
  return spawnSync(command, args, { cwd, encoding: 'utf8', env })
}

function succeed(
  t: ExecutionContext,
  cwd: string,
  command: string,
  args: readonly string[],
): string {
  const { error, status, stderr, stdout } = run(cwd, command, args)
  t.is(status, 0, `${command} ${args.join(' ')}\n${error ?? ''}\n${stdout}\n${stderr}`)
  return stdout
}

/** A project that installs nothing yet. */
function project(name: string): string {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  const manifest = { name, private: true, dependencies: { 'mio-js': version } }
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest))
  for (const [file, contents] of Object.entries(programs)) writeFileSync(join(cwd, file), contents)
  return cwd
}

interface Manager {
  readonly command: () => [command: string, ...args: string[]]
  readonly files?: Readonly<Record<string, string>>
  /** Whether it installs what is for another C library, too: the loader takes the right one. */
  readonly anyLibc?: true
  /** Arguments for Node, where packages are not in node_modules. */
  readonly node?: readonly string[]
}

const node = process.execPath
const yarn4 = (): [string, string, string] => [
  node,
  join(tools, '@yarnpkg/cli-dist/bin/yarn.js'),
  'install',
]

// Some managers do not install what was published today.
const yarnSettings = 'enableScripts: false\nnpmMinimalAgeGate: 0\n'

const managers: Record<string, Manager> = {
  npm: { command: () => ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'] },
  pnpm: {
    command: () => [join(tools, '@pnpm/exe.linux-x64/pnpm'), 'install', '--ignore-scripts'],
  },
  'Yarn 1': {
    command: () => [node, join(tools, 'yarn/bin/yarn.js'), 'install', '--ignore-scripts'],
    anyLibc: true,
  },
  'Yarn 4': {
    command: yarn4,
    files: { '.yarnrc.yml': `nodeLinker: node-modules\n${yarnSettings}`, 'yarn.lock': '' },
  },
  "Yarn 4 with Plug'n'Play": {
    command: yarn4,
    files: { '.yarnrc.yml': `nodeLinker: pnp\n${yarnSettings}`, 'yarn.lock': '' },
    node: [
      '--require',
      './.pnp.cjs',
      '--experimental-loader',
      './.pnp.loader.mjs',
      '--no-warnings',
    ],
  },
  Bun: { command: () => [bun(), 'install', '--ignore-scripts'] },
  Deno: {
    command: () => [deno(), 'install', '--node-modules-dir=auto', '--minimum-dependency-age=0'],
    anyLibc: true,
  },
}

test.before('publishes a release to a registry of its own', async (t) => {
  if (!isHere) return
  t.timeout(600_000)
  tools = installTools()
  folder = mkdtempSync(join(tmpdir(), 'mio-js-install-'))
  registry = await NpmRegistry.start(nodeOf(24), tools)
  packRelease(join(folder, 'release'), target)
  const { status, stderr, stdout } = registry.publish(join(folder, 'release'))
  t.is(status, 0, String(stderr))
  const lines = String(stdout).trimEnd().split('\n')
  t.is(lines.length, targets().length + 1)
  t.is(lines.at(-1), `mio-js ${version} published: latest`)
  installed = install(t, 'installed')
})

/** What npm has installed; read, not changed. */
let installed = ''

function install(t: ExecutionContext, name: string): string {
  const cwd = project(name)
  const [program, ...args] = managers['npm']?.command() ?? ['npm']
  succeed(t, cwd, program, args)
  return cwd
}

async function clear(): Promise<void> {
  await registry?.stop()
  if (folder !== '') rmSync(folder, { recursive: true, force: true })
}

// Before the census, which is always taken; and after failures as well.
test.after('stops the registry', clear)
test.after.always('stops the registry in any case', clear)

here(`publishing again publishes nothing ${where}`, (t) => {
  const { status, stdout } = registry.publish(join(folder, 'release'))
  t.is(status, 0)
  t.false(/ published: /.test(String(stdout)))
  t.true(String(stdout).includes(`mio-js ${version} is published\n`))
})

for (const [name, { anyLibc = false, command, files = {}, node: flags = [] }] of Object.entries(
  managers,
)) {
  here(`${name} installs the root and what fits this platform ${where}`, (t) => {
    const cwd = project(`with-${name.toLowerCase().replaceAll(/\W+/g, '-')}`)
    for (const [file, contents] of Object.entries(files)) writeFileSync(join(cwd, file), contents)
    const [program, ...args] = command()
    succeed(t, cwd, program, args)
    for (const file of ['echo.mjs', 'echo.cjs']) {
      t.is(succeed(t, cwd, node, [...flags, file]), 'hello there\n', file)
    }
    if (flags.length > 0) return
    const root = realpathSync(join(cwd, 'node_modules/mio-js'))
    const scope = [join(cwd, 'node_modules/@mio-js'), join(root, '../@mio-js')].find(existsSync)
    const names = targets()
      .filter(
        ({ cpu, libc, os }) =>
          os === target.os && cpu === target.cpu && (anyLibc || libc === target.libc),
      )
      .map((one) => packageName(one.tuple).replace('@mio-js/', ''))
    t.deepEqual(readdirSync(scope ?? '').toSorted(), names.toSorted())
  })
}

const majors = [20, 22, 24, 26]
const runtimes: Record<string, () => [command: string, ...args: string[]]> = {
  ...Object.fromEntries(majors.map((major) => [`Node ${major}`, () => [nodeOf(major)]])),
  Bun: () => [bun()],
  Deno: () => [deno(), 'run', '--allow-all'],
}

for (const [name, command] of Object.entries(runtimes)) {
  here(
    `what is installed runs in ${name}: as a module, by require(), in a worker ${where}`,
    (t) => {
      const [program, ...args] = command()
      for (const file of ['echo.mjs', 'echo.cjs', 'worker.mjs']) {
        t.is(succeed(t, installed, program, [...args, file]), 'hello there\n', file)
      }
    },
  )
}

for (const [name, command] of Object.entries(runtimes)) {
  here(`the doctor finds what is installed well in ${name} ${where}`, (t) => {
    const [program, ...args] = command()
    const doctor = ['node_modules/mio-js/dist/src/cli/main.js', 'doctor', '--json']
    const { checks, ok, runtime } = JSON.parse(
      succeed(t, installed, program, [...args, ...doctor]),
    ) as Diagnosis
    t.true(ok, JSON.stringify(checks))
    const missing = checks.filter(({ unavailable }) => unavailable !== undefined)
    t.deepEqual(
      missing.map((check) => check.name),
      // Its servers of HTTP are not made of net.
      name === 'Bun' ? ['mio-js/http'] : [],
    )
    t.is(runtime.name, name.replace(/ \d+$/, '').toLowerCase())
  })
}

for (const format of ['esm', 'cjs']) {
  here(`a bundle of esbuild's runs in each runtime, as ${format} ${where}`, (t) => {
    const esbuild = join(tools, '@esbuild/linux-x64/bin/esbuild')
    const file = `out/bundle.${format === 'esm' ? 'mjs' : 'cjs'}`
    const options = ['--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`]
    succeed(t, installed, esbuild, ['echo.mjs', ...options, '--log-level=error'])
    // The bundle has all of the facade: of node_modules, only the binary is left.
    const cwd = join(folder, `bundle-${format}`)
    cpSync(join(installed, file), join(cwd, file))
    cpSync(join(installed, 'node_modules/@mio-js'), join(cwd, 'node_modules/@mio-js'), {
      recursive: true,
    })
    for (const [name, command] of Object.entries(runtimes)) {
      const [program, ...args] = command()
      t.is(succeed(t, cwd, program, [...args, file]), 'hello there\n', name)
    }
  })
}

for (const resolution of ['node16', 'nodenext', 'bundler']) {
  here(`what is installed type-checks with the resolution ${resolution} ${where}`, (t) => {
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
    const types = join(process.cwd(), 'node_modules/@types')
    const module = resolution === 'bundler' ? 'esnext' : resolution
    const options = ['--module', module, '--moduleResolution', resolution, '--target', 'es2022']
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--typeRoots',
      types,
      '--types',
      'node',
    ]
    succeed(t, installed, node, [tsc, ...flags, ...options, 'echo.mts'])
  })
}

for (const major of majors) {
  here(`Node ${major} loads it under its permission model, with --allow-addons ${where}`, (t) => {
    const permission = major === 20 ? '--experimental-permission' : '--permission'
    // The model of newer versions has the network in it; sockets of addons it does not see.
    const net = major < 25 ? [] : ['--allow-net']
    const flags = [permission, `--allow-fs-read=${realpathSync(folder)}/`, ...net]
    const allowed = [...flags, '--allow-addons', '--no-warnings', 'echo.mjs']
    t.is(succeed(t, installed, nodeOf(major), allowed), 'hello there\n')
    const { status, stderr } = run(installed, nodeOf(major), [...flags, 'echo.mjs'])
    t.is(status, 1)
    t.regex(stderr, /ERR_MIO_BINDING_NOT_FOUND/)
    t.regex(stderr, /--permission needs --allow-addons/)
  })
}

here(`Deno loads it with --allow-ffi, and needs --allow-env for what is opened ${where}`, (t) => {
  const flags = ['run', '--no-prompt', '--allow-env']
  const allowed = [...flags, '--allow-ffi', 'echo.mjs']
  t.is(succeed(t, installed, deno(), allowed), 'hello there\n')
  const { status, stderr } = run(installed, deno(), [...flags, 'echo.mjs'])
  t.is(status, 1)
  t.regex(stderr, /^Deno needs --allow-ffi to load native addons\.$/m)
})

here(`a platform package of another version is one clear error, in each runtime ${where}`, (t) => {
  const cwd = install(t, 'mismatched')
  const manifest = join(cwd, 'node_modules', binding, 'package.json')
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(manifest, text.replace(`"version": "${version}"`, '"version": "0.0.1"'))
  for (const [name, command] of Object.entries(runtimes)) {
    const [program, ...args] = command()
    const { status, stderr } = run(cwd, program, [...args, 'echo.mjs'])
    t.not(status, 0, name)
    t.true(stderr.includes(`${binding} has version 0.0.1, and mio-js ${version} needs`), stderr)
    t.true(stderr.includes('ERR_MIO_BINDING_NOT_FOUND') || name === 'Deno', stderr)
  }
})

here(`a missing platform package is one clear error, in each runtime ${where}`, (t) => {
  const cwd = project('without')
  succeed(t, cwd, 'npm', ['install', '--omit=optional', '--no-audit', '--no-fund'])
  t.false(existsSync(join(cwd, 'node_modules/@mio-js')))
  for (const [name, command] of Object.entries(runtimes)) {
    const [program, ...args] = command()
    const { status, stderr } = run(cwd, program, [...args, 'echo.mjs'])
    t.not(status, 0, name)
    t.true(stderr.includes(`${binding} is not installed`), stderr)
    t.true(stderr.includes('--omit=optional'), stderr)
  }
})
