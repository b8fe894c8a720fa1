/** Whose options: the handle of a source, or what names a socket or a server of an engine. */
export type OptionTarget = number | Float64Array

const connection = 0
const server = 1

/** A socket of an engine. The numbers of its id are not signed. */
export function connectionTarget(
  engine: number,
  lane: number,
  index: number,
  generation: number,
): OptionTarget {
  return Float64Array.of(engine, connection, lane, index >>> 0, generation >>> 0)
}

/** A server of an engine, with all of its listening sockets. */
export function serverTarget(engine: number, listener: number): OptionTarget {
  return Float64Array.of(engine, server, listener, 0, 0)
}
