import { fstatSync } from 'node:fs'
import { CoreSocket } from '../core-net.ts'
import { Socket as OwnSocket } from '../net/index.ts'

type Instance = InstanceType<typeof CoreSocket>

/**
 * `net.Socket` of a program. It is ours for whoever makes one to connect it, and core's for what
 * only core has: handles, and descriptors that are no sockets.
 */
export const Socket = function Socket(this: unknown, ...args: unknown[]): unknown {
  // Core makes its terminals and TLS sockets by calling the constructor of their base.
  if (isOf(CoreSocket.prototype, this)) return Reflect.apply(CoreSocket, this, args)
  if (isCores(args[0])) return Reflect.construct(CoreSocket, args)
  if (new.target !== undefined) return Reflect.construct(OwnSocket, args, new.target)
  return Reflect.apply(OwnSocket as unknown as Function, this, args)
}

Object.setPrototypeOf(Socket, OwnSocket)
Object.defineProperty(Socket, 'prototype', { value: OwnSocket.prototype, writable: false })
Object.defineProperty(Socket, Symbol.hasInstance, {
  value(this: Function, value: unknown): boolean {
    if (this !== Socket) return Reflect.apply(ordinaryHasInstance, this, [value]) as boolean
    return isOf(OwnSocket.prototype, value) || isOf(CoreSocket.prototype, value)
  },
})
keepReinitialize()

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance]

function isOf(prototype: object, value: unknown): value is Instance {
  return Object.prototype.isPrototypeOf.call(prototype, value as object)
}

/** Whether only core can make this one. */
function isCores(options: unknown): boolean {
  if (typeof options === 'number') return !isSocket(options)
  const { fd, handle } = (options ?? {}) as Record<string, unknown>
  if (handle !== undefined && handle !== null) return true
  return fd !== undefined && fd !== null && !isSocket(fd)
}

/** Standard streams are core's in any case: it writes to them as nothing else does. */
function isSocket(fd: unknown): boolean {
  if (process.platform === 'win32' || typeof fd !== 'number' || fd <= 2) return false
  try {
    return fstatSync(fd).isSocket()
  } catch {
    return false
  }
}

/**
 * Core's TLS sockets, when they try several addresses, call a method of `net.Socket.prototype` that
 * has a symbol of core's for its name.
 */
function keepReinitialize(): void {
  for (const key of Object.getOwnPropertySymbols(CoreSocket.prototype)) {
    if (key.description !== 'kReinitializeHandle') continue
    const descriptor = Object.getOwnPropertyDescriptor(CoreSocket.prototype, key)
    if (descriptor !== undefined) Object.defineProperty(OwnSocket.prototype, key, descriptor)
  }
}
