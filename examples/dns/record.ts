/** What a name has, and how it is written into a message. */
import { isIPv4, isIPv6 } from 'node:net'

/** By type: addresses of IPv4, of IPv6, and texts of at most 255 bytes each. */
export interface Records {
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  readonly TXT?: readonly string[]
}

/** By name, in lower case and without the last dot. */
export type Table = ReadonlyMap<string, Records>

export const Type = { A: 1, TXT: 16, AAAA: 28, ANY: 255 } as const

/** The types that a question asks for. */
export function typesOf(question: number): (keyof Records)[] {
  const all = ['A', 'AAAA', 'TXT'] as const
  return all.filter((type) => question === Type[type] || question === Type.ANY)
}

/** The data of one record. */
export function encode(type: keyof Records, value: string): Buffer {
  switch (type) {
    case 'A':
      return ipv4(value)
    case 'AAAA':
      return ipv6(value)
    case 'TXT': {
      const text = Buffer.from(value)
      if (text.length > 255) throw new RangeError(`a text of ${text.length} bytes`)
      return Buffer.concat([Buffer.of(text.length), text])
    }
  }
}

function ipv4(value: string): Buffer {
  if (!isIPv4(value)) throw new TypeError(`${value} is no IPv4 address`)
  return Buffer.from(value.split('.').map(Number))
}

function ipv6(value: string): Buffer {
  if (!isIPv6(value) || value.includes('.')) throw new TypeError(`${value} is no IPv6 address`)
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16))
  const [head = [], tail] = value.split('::').map(words)
  const zeros = tail === undefined ? [] : Array<number>(8 - head.length - tail.length).fill(0)
  const bytes = Buffer.alloc(16)
  for (const [index, word] of [...head, ...zeros, ...(tail ?? [])].entries()) {
    bytes.writeUInt16BE(word, index * 2)
  }
  return bytes
}
