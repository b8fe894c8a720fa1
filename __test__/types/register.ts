/** What of `mio-js/register` must and must not compile. Checked by the build; never run. */
import 'mio-js/register'
import type * as register from 'mio-js/register'
import net from 'node:net'
import { type Equal, isType } from './equal.js'

export function compiles(): void {
  // A preload changes what core does, and none of its types.
  isType<Equal<ReturnType<typeof net.connect>, net.Socket>>()
  // It exports nothing that a program could come to depend on.
  isType<Equal<keyof typeof register, never>>()
  void import('mio-js/register')
}

export function doesNotCompile(): void {
  // @ts-expect-error what sockets of mio-js/net have more, core's types do not have
  net.connect(80).peek()
}
