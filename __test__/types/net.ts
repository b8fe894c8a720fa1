/** The names of `mio-js/net` are types where those of `node:net` are; checked by the compiler alone. */
import type * as core from 'node:net'
import type { AddressInfo, BlockList, ListenOptions, Socket, SocketAddress } from 'mio-js/net'

type Equal<A, B> = [A, B] extends [B, A] ? true : false

export const addressInfo: Equal<AddressInfo, core.AddressInfo> = true
export const blockList: Equal<BlockList, core.BlockList> = true
export const listenOptions: Equal<ListenOptions, core.ListenOptions> = true
export const socketAddress: Equal<SocketAddress, core.SocketAddress> = true

// What is added stays: the names of this module go before those of core.
export const socket: Equal<Socket, core.Socket> = false
