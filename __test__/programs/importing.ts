/**
 * What importing does to a process. Prints JSON: what is different after each door but the preload, which
 * is there to change something.
 */
import events from 'node:events'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import stream from 'node:stream'
import tls from 'node:tls'

const doors = ['mio-js', 'mio-js/engine', 'mio-js/net', 'mio-js/http']

/** By their paths, everything that can be reached from an object by its own properties. */
function reachable(name: string, root: object): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const seen = new Set<unknown>()
  const visit = (path: string, object: object): void => {
    if (seen.has(object) || path.split('.').length > 4) return
    seen.add(object)
    for (const key of Reflect.ownKeys(object)) {
      const { get, set, value } = Reflect.getOwnPropertyDescriptor(object, key)!
      const at = `${path}.${String(key)}`
      found.set(at, value)
      found.set(`${at} getter`, get)
      found.set(`${at} setter`, set)
      if (typeof value === 'function') visit(at, value)
      if (key === 'prototype' && typeof value === 'object') visit(at, value as object)
    }
  }
  visit(name, root)
  return found
}

const modules = { events, http, http2, https, net, stream, tls, Object, Function, Array, Promise }

function codeOfOthers(): Map<string, unknown> {
  return new Map(Object.entries(modules).flatMap(([name, of]) => [...reachable(name, of)]))
}

const isLinux = process.platform === 'linux'

/** What is open, but for files. */
function descriptors(): string[] {
  if (!isLinux) return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith('/') ? [] : [target]
    } catch {
      return []
    }
  })
}

function threads(): string[] {
  if (!isLinux) return []
  return readdirSync('/proc/self/task').map((id) =>
    readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim(),
  )
}

/** The signals that are caught, ignored and blocked, as the system has them. */
function signals(): string[] {
  if (!isLinux) return []
  const status = readFileSync('/proc/self/status', 'utf8')
  return status.match(/^Sig(?:Blk|Ign|Cgt):.*$/gm) ?? []
}

const snapshot = () => ({
  descriptors: descriptors().toSorted(),
  threads: threads().toSorted(),
  signals: signals(),
  // What was written just before an exit leaves then, which engines wait for.
  listeners: process
    .eventNames()
    .filter((name) => name !== 'exit')
    .map((name) => `${String(name)} ${process.listenerCount(name)}`),
  globals: Reflect.ownKeys(globalThis).map(String).toSorted(),
  variables: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
})

/** Threads that were not there before; some of Node's own end meanwhile. */
function started(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before]
  return after.filter((name) => {
    const at = left.indexOf(name)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

// Threads of Node's own come when they are first needed.
await Promise.all(Array.from({ length: 8 }, async () => readFile(import.meta.filename)))
await import('./importing-nothing.js')

const code = codeOfOthers()
const before = snapshot()
for (const door of doors) await import(door)
const after = snapshot()
after.threads = [...before.threads, ...started(before.threads, after.threads)].toSorted()

const names = Object.keys(before) as (keyof typeof before)[]
const different = names.filter(
  (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
)
const patched = [...codeOfOthers()].filter(([path, value]) => code.get(path) !== value)
console.log(
  JSON.stringify({
    different: different.map((name) => ({ name, before: before[name], after: after[name] })),
    patched: patched.map(([path]) => path),
  }),
)
