/**
 * Servers and sockets for many connections: handlers instead of a loop, and system calls that leave the
 * JavaScript thread when there is a load. docs/engine.md is the guide.
 *
 * @module
 */
export { Engine, type EngineOptions } from './engine.ts'
export { Server, type ListenOptions } from './server.ts'
export { Socket } from './socket.ts'
export { connect, listen } from './default-engine.ts'
export { engines } from './engines.ts'
export type { AdoptOptions } from './adopt.ts'
export type { ConnectOptions } from './connector.ts'
export type { Detached } from './departure.ts'
export type { Handlers } from './handlers.ts'
export type { SocketOptionValues } from '../option-values.ts'
export type { SocketOptions } from '../socket-options.ts'
export type { ConnectionOptions, KeepAlive } from './options.ts'
export type { EngineStats, ServerStats } from './stats.ts'
