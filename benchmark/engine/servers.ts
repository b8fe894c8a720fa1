/** The servers that are compared, each with the same work to do. */
import { type Command, compiled, native } from '../process.js'
import type { Servers } from '../suite/workload.js'

export const baseline = 'node:net'
export const inline = 'engine, inline'
export const thread = 'engine, thread'
export const auto = 'engine, auto'
export const rust = 'mio in Rust'

export function threads(count: number): string {
  return count === 1 ? thread : `engine, ${count} threads`
}

/** Servers that send back what they get; the engine also with as many I/O threads as are given. */
export function echo(node: string, threadCounts: readonly number[] = [1]): Servers {
  return new Map([
    [baseline, { command: [node, compiled('servers/net.js')] }],
    ...engine(node, 'servers/engine.js', threadCounts),
    [rust, { command: [native('echo'), '127.0.0.1:0', 'short-read'] }],
  ])
}

/** Servers that send what they get to everybody. */
export function broadcast(node: string): Servers {
  return new Map([
    [baseline, { command: [node, compiled('servers/net-broadcast.js')] }],
    ...engine(node, 'servers/engine-broadcast.js', [1]),
    [rust, { command: [native('echo'), '127.0.0.1:0', 'short-read', '--to-all'] }],
  ])
}

/** The Redis example, which is on the engine, and its commands on `node:net`. */
export function redis(node: string): Servers {
  return new Map([
    [baseline, { command: [node, compiled('servers/redis-net.js')] }],
    [
      'the example',
      { command: [node, compiled('../examples/redis-server.js')], env: { PORT: '0' } },
    ],
  ])
}

function engine(node: string, path: string, threadCounts: readonly number[]): [string, Command][] {
  const server = (...args: string[]): Command => ({ command: [node, compiled(path), ...args] })
  return [
    [inline, server('inline')],
    ...threadCounts.map((count): [string, Command] => [
      threads(count),
      server('thread', String(count)),
    ]),
    [auto, server('auto')],
  ]
}
