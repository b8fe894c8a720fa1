/**
 * Loaded before a program (`--import`): tells at its end, by the pipe that is its descriptor 3, whose
 * sockets it has had. Each is an async resource, and its type says whose.
 */
import { createHook } from 'node:async_hooks'
import { writeSync } from 'node:fs'
import process from 'node:process'

export interface Sockets {
  /** Sockets and servers of the engine. */
  ours: number
  /** Node's own sockets of TCP, connected or accepted, and those that connect to a path. */
  core: number
}

const ours = new Set(['MIO_SOCKET', 'MIO_SERVER'])
// A pipe as such is none: the standard streams may be pipes.
const core = new Set(['TCPWRAP', 'PIPECONNECTWRAP'])
let count = 0
const handles: object[] = []

createHook({
  init(_id, type, _trigger, resource) {
    if (ours.has(type)) count += 1
    else if (core.has(type)) handles.push(resource)
  },
}).enable()

/** A server of ours has a handle of core's, so that it can be sent. It accepts nothing by that. */
const isListener = (handle: object): boolean => Object.hasOwn(handle, 'isClosed')

process.once('exit', () => {
  const others = handles.filter((handle) => !isListener(handle))
  writeSync(3, JSON.stringify({ ours: count, core: others.length } satisfies Sockets))
})
