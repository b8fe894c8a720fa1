/** What the system says about this process: a second opinion on what an engine does. Linux only. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** Its name in `/proc/self/task/N/stat`, then state, five numbers, and the flags of the kernel. */
const ioThread = /\(mio-js-io\) \S (?:-?\d+ ){5}(\d+) /
/** PF_EXITING: who is joined has it, and is listed for a moment still. */
const exiting = 4

/** How many I/O threads of engines this process has. */
export function ioThreads(): number {
  return readdirSync('/proc/self/task').filter((task) => {
    try {
      const flags = ioThread.exec(readFileSync(`/proc/self/task/${task}/stat`, 'utf8'))?.[1]
      return flags !== undefined && (Number(flags) & exiting) === 0
    } catch {
      return false
    }
  }).length
}

/** The target of each descriptor of this process: `socket:[4711]`, `/dev/null`, … */
function descriptors(): Map<number, string> {
  const found = new Map<number, string>()
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      found.set(Number(name), readlinkSync(`/proc/self/fd/${name}`))
    } catch {
      // That of the directory itself.
    }
  }
  return found
}

/** A row of /proc/net/tcp or tcp6. */
interface Row {
  local: number
  remote: number
  inode: string
}

function established(): Row[] {
  return rowsOf('01')
}

function rowsOf(state: string): Row[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === state)
      .map((fields) => ({
        local: portOf(fields[1]),
        remote: portOf(fields[2]),
        inode: `socket:[${fields[9]}]`,
      })),
  )
}

function portOf(address = ''): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16)
}

/** What tells a connection of this machine from others. */
export interface Ports {
  readonly localPort?: number | undefined
  readonly remotePort?: number | undefined
}

/** The descriptors of this process for some connections. */
export function descriptorsOf(sockets: readonly Ports[]): number[] {
  const rows = established()
  const byTarget = new Map([...descriptors()].map(([fd, target]) => [target, fd]))
  return sockets.map(({ localPort, remotePort }) => {
    const row = rows.find(({ local, remote }) => local === localPort && remote === remotePort)
    const fd = byTarget.get(row?.inode ?? '')
    if (fd === undefined) throw new Error(`no descriptor for ${localPort} to ${remotePort}`)
    return fd
  })
}

/** The descriptors of this process that listen at a port. */
export function listenersAt(port: number): number[] {
  const inodes = new Set(
    rowsOf('0A').flatMap(({ local, inode }) => (local === port ? [inode] : [])),
  )
  return [...descriptors()].filter(([, target]) => inodes.has(target)).map(([fd]) => fd)
}

/** Inodes of the sockets that were accepted at a port. */
export function acceptedAt(port: number): string[] {
  return established()
    .filter(({ local }) => local === port)
    .map(({ inode }) => inode)
}

/** Inodes of the sockets that are connected to a port. */
export function connectedTo(port: number): string[] {
  return established()
    .filter(({ remote }) => remote === port)
    .map(({ inode }) => inode)
}

/** Inodes of the sockets that were accepted at a path. */
export function acceptedAtPath(path: string): string[] {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[5] === '03' && fields[7] === path)
    .map((fields) => `socket:[${fields[6]}]`)
}

/** How many of these sockets each selector of the process watches; those with none are left out. */
export function watchersOf(inodes: readonly string[]): number[] {
  const open = descriptors()
  const wanted = new Set(inodes)
  const selectors = new Map<string, number>()
  for (const [fd, target] of open) {
    if (target !== 'anon_inode:[eventpoll]') continue
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
    const watchedHere = [...info.matchAll(/^tfd:\s*(\d+)/gm)]
      .map(([, number]) => Number(number))
      .filter((number) => wanted.has(open.get(number) ?? ''))
    // A selector may have two descriptors, which say the same.
    if (watchedHere.length > 0) selectors.set(watchedHere.join(), watchedHere.length)
  }
  return [...selectors.values()]
}
