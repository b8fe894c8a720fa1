import { resp } from './client.ts'

export interface Random {
  below(limit: number): number
  pick<T>(choices: readonly T[]): T
  /** Up to `length` of these characters. */
  text(alphabet: string, length: number): string
}

/** Numbers that are the same in every run: a failure can be repeated. */
export function createRandom(seed: number): Random {
  let state = seed
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]!
  const text = (alphabet: string, length: number): string =>
    Array.from({ length: below(length + 1) }, () => pick(alphabet.split(''))).join('')
  return { below, pick, text }
}

export function* pieces(text: string, random: Random, longest: number): Generator<string> {
  for (let at = 0; at < text.length;) {
    const size = 1 + random.below(longest)
    yield text.slice(at, at + size)
    at += size
  }
}

export const VALUES = [
  '',
  '0',
  '-1',
  '41',
  '007',
  '9223372036854775807',
  '-9223372036854775808',
  'v',
  '\xff\r\n\0',
]
export const OPTIONS = ['NX', 'xx', 'GET', 'KEEPTTL', 'EX', '100', '0', 'GT', 'lt', 'x']
export const COMMANDS: readonly (readonly [name: string, least: number, most: number])[] = [
  ['GET', 1, 1],
  ['SET', 2, 5],
  ['del', 1, 3],
  ['EXISTS', 1, 3],
  ['INCR', 1, 1],
  ['Decr', 1, 1],
  ['INCRBY', 2, 2],
  ['DECRBY', 2, 2],
  ['MGET', 1, 4],
  ['MSET', 2, 5],
  ['APPEND', 2, 2],
  ['STRLEN', 1, 1],
  ['EXPIRE', 2, 4],
  ['PERSIST', 1, 1],
  ['TYPE', 1, 1],
  ['ECHO', 1, 1],
  ['DBSIZE', 0, 0],
  ['PING', 0, 2],
  ['SELECT', 1, 1],
  ['nosuch', 0, 3],
]

/** A command whose reply does not depend on the time, now and then with a wrong number of arguments. */
export function randomCommand(random: Random): string[] {
  const [name, least, most] = random.pick(COMMANDS)
  const wrong = random.below(50) === 0 ? random.pick([-1, 1]) : 0
  const count = Math.max(0, least + random.below(most - least + 1) + wrong)
  const args = Array.from({ length: count }, (_, i) => {
    if (i === 0 && name !== 'ECHO' && name !== 'SELECT') return `k${random.below(6)}`
    if (i >= 2 || name === 'EXPIRE') return random.pick(i >= 2 ? OPTIONS : ['100', '-1', '0', 'x'])
    return random.pick(VALUES)
  })
  return [name, ...args]
}

export function randomInline(random: Random): string {
  return `ECHO ${random.text('ab \t"\'\\xX41n', 12)}\r\nPING\r\n`
}

/** A request with some bytes of it exchanged. */
export function randomRequest(random: Random): string {
  const bytes = `${resp('PING')}${resp('ECHO', 'ab')}${resp('PING')}`.split('')
  for (let i = random.below(4); i >= 0; i--) {
    bytes[random.below(bytes.length)] = random.pick('*$012-\r\nax'.split(''))
  }
  return bytes.join('')
}
