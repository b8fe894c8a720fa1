import { invalidType, invalidValue } from '../errors.ts'

/** Where the lanes run; the values are shared with the core. */
export const Io = Object.freeze({ inline: 0, thread: 1, auto: 2 } as const)

export type Io = (typeof Io)[keyof typeof Io]

/** What an option says, else `MIO_JS_IO`, else `auto`. @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. */
export function ioNameOf(value?: unknown): keyof typeof Io {
  const name = value === undefined ? (process.env['MIO_JS_IO'] ?? 'auto') : value
  if (typeof name !== 'string') throw invalidType('options.io', 'a string', name)
  if (!Object.hasOwn(Io, name)) {
    throw invalidValue('options.io', "'inline', 'thread' or 'auto'", name)
  }
  return name as keyof typeof Io
}
