import type { Door } from './door.js'
import { EngineDoor } from './engine.js'
import { HttpDoor } from './http.js'
import { MirrorDoor } from './mirror.js'
import { NetDoor } from './net.js'

export type { Door, Ears, Listening, Patience, Target, Wire } from './door.js'

/** Every way to have a connection by this package. */
export const doors = {
  mirror: () => new MirrorDoor(),
  inline: () => new EngineDoor('inline'),
  thread: () => new EngineDoor('thread'),
  auto: () => new EngineDoor('auto'),
  net: () => new NetDoor(),
  http: () => new HttpDoor(),
} as const satisfies Record<string, () => Door>

export type DoorName = keyof typeof doors

export const doorNames = Object.keys(doors) as DoorName[]
