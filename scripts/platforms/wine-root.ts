/**
 * Wine, as Debian 13 has it: an older one has not what Node 24 asks for.
 *
 * Two things shape how it is run. Its server opens files for all processes of a prefix, so all of them
 * must see the same mounts: a process of ours holds them as long as this one lives. And node.exe dies
 * on Wine when its output is a pipe of the system's, so `wine-node.ts` has it write to files.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { cachePath, installOnce } from '../cache.js'
import { unpackDebian } from './debian.js'
import { run } from './run.js'

/** Which programs of Windows it runs. */
export type Width = 32 | 64

/** What Wine is told by its environment. */
export function environmentOf(width: Width): NodeJS.ProcessEnv {
  return {
    HOME: '/',
    USER: 'root',
    WINEARCH: `win${width}`,
    // What it says about itself.
    WINEDEBUG: '-all',
    // No offers to download a browser's engine, or .NET.
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    WINEPREFIX: '/prefix',
    WINESERVER: `${programs}/wineserver${width}`,
    XDG_RUNTIME_DIR: '/tmp',
  }
}

const programs = '/usr/lib/wine'

/** What runs a program, up to the program; and Wine itself, as a program. */
export interface Entry {
  readonly command: readonly [string, ...string[]]
  readonly wine: string
}

const entries = new Map<Width, Promise<Entry>>()

/** Makes Wine ready for as long as this process lives; installs it if it is not there. */
export async function enter(width: Width): Promise<Entry> {
  const entry = entries.get(width) ?? open(width)
  entries.set(width, entry)
  return entry
}

async function open(width: Width): Promise<Entry> {
  const root = unpackDebian({
    suites: ['trixie', 'forky'],
    architecture: width === 64 ? 'amd64' : 'i386',
    packages: [`wine${width}`, 'dash'],
    complete: true,
  })
  const shared = [process.cwd(), cachePath(), tmpdir()].map((path) => realpathSync(path))
  const command = await hold(width, [prefixOf(width, root), root], shared)
  return { command, wine: wineOf(width) }
}

function wineOf(width: Width): string {
  return `${programs}/wine${width === 64 ? '64' : ''}`
}

/** A layer with the prefix, which is Windows' drive; makes it if it is not there. */
function prefixOf(width: Width, root: string): string {
  return installOnce(cachePath('platforms', `${basename(root)}-prefix`), (stage) => {
    const prefix = join(stage, 'prefix')
    mkdirSync(prefix)
    configure(width, root, stage)
    const script = [
      ...mounts([stage, root]),
      'mount --bind "$1" "$at/root/prefix"',
      `chroot "$at/root" ${wineOf(width)} wineboot --init`,
      `chroot "$at/root" ${programs}/wineserver${width} --wait`,
    ]
    const args = ['--mount', 'sh', '-c', script.join('\n'), mountPoint(), prefix]
    run('unshare', args, { env: { ...process.env, ...environmentOf(width) } })
  })
}

/** What Debian's package does when it is configured: gives a library of zlib Wine's mark. */
function configure(width: Width, root: string, layer: string): void {
  const library = width === 64 ? 'usr/lib/x86_64-linux-gnu' : 'usr/lib/i386-linux-gnu'
  for (const [mingw, wine] of [
    ['i686', 'i386'],
    ['x86_64', 'x86_64'],
  ] as const) {
    const bytes = readFileSync(join(root, `usr/${mingw}-w64-mingw32/lib/zlib1.dll`))
    const mark = Buffer.alloc(32)
    mark.write('Wine builtin DLL')
    const folder = join(layer, library, 'wine', `${wine}-windows`)
    mkdirSync(folder, { recursive: true })
    const marked = Buffer.concat([bytes.subarray(0, 64), mark, bytes.subarray(96)])
    writeFileSync(join(folder, 'zlib1.dll'), marked)
  }
}

/** Where all is mounted: each process that does so sees its own. */
function mountPoint(): string {
  const at = cachePath('platforms', 'wine-mounts')
  mkdirSync(at, { recursive: true })
  return at
}

/** Lines that make a root of these folders, with a layer above them that is dropped again. */
function mounts(layers: readonly string[]): string[] {
  return [
    'set -e',
    'at=$0',
    'mount -t tmpfs tmpfs "$at"',
    'mkdir "$at/root" "$at/upper" "$at/work"',
    `layers='lowerdir=${layers.join(':')}'`,
    'mount -t overlay -o "$layers,upperdir=$at/upper,workdir=$at/work" overlay "$at/root"',
    'mkdir -p "$at/root/dev" "$at/root/proc" "$at/root/tmp" "$at/root/etc"',
    'mount --rbind /dev "$at/root/dev"',
    'mount -t proc proc "$at/root/proc"',
    `printf '127.0.0.1 localhost\\n::1 localhost\\n' > "$at/root/etc/hosts"`,
  ]
}

/**
 * Starts a process with such a root, in which folders are shared under their own names. It ends with
 * this process, and Wine with it.
 */
async function hold(
  width: Width,
  layers: readonly string[],
  shared: readonly string[],
): Promise<readonly [string, ...string[]]> {
  const script = [
    ...mounts(layers),
    'for path; do mkdir -p "$at/root$path"; mount --bind "$path" "$at/root$path"; done',
    'echo ready',
    // Until there is nobody any more who could write.
    'cat',
    `chroot "$at/root" ${programs}/wineserver${width} --kill`,
  ]
  const at = mountPoint()
  const args = ['--mount', '--propagation=private', 'sh', '-c', script.join('\n'), at, ...shared]
  const holder = spawn('unshare', args, {
    detached: true,
    env: { ...process.env, ...environmentOf(width) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const isReady = await new Promise<boolean>((resolve) => {
    holder.once('error', () => resolve(false))
    holder.once('exit', () => resolve(false))
    holder.stdout.once('data', () => resolve(true))
  })
  if (!isReady) throw new Error('Wine needs root, who may mount and change the root')
  // Nothing of it keeps this process alive.
  holder.unref()
  for (const stream of [holder.stdin, holder.stdout]) (stream as Socket).unref()
  return ['nsenter', `--target=${holder.pid}`, '--mount', 'chroot', join(at, 'root')]
}
