import { fitsArity, wrongArity, type Command, type Session } from './command.ts'
import { connectionCommands } from './connection-commands.ts'
import { keyCommands } from './key-commands.ts'
import type { ReplyBuffer } from './reply.ts'
import type { Request } from './request.ts'
import { createServerCommands } from './server-commands.ts'
import { stringCommands } from './string-commands.ts'

const BUCKETS = 256
const LOWER = 0x20
const UPPER_A = 0x41
const UPPER_Z = 0x5a

/** How much of an unknown command is repeated in the error. */
const QUOTED = 128

interface Named {
  readonly bytes: Uint8Array
  readonly command: Command
}

/** Finds commands by the bytes of their name, in any case: a string per command would be garbage. */
class CommandTable {
  #buckets: Named[][] = Array.from({ length: BUCKETS }, () => [])
  #size = 0

  constructor(commands: readonly Command[]) {
    for (const command of commands) this.#add(command)
  }

  get size(): number {
    return this.#size
  }

  find(bytes: Uint8Array, start: number, end: number): Command | undefined {
    for (const named of this.#buckets[hash(bytes, start, end)]!) {
      if (isName(named.bytes, bytes, start, end)) return named.command
    }
    return undefined
  }

  #add(command: Command): void {
    const bytes = Buffer.from(command.name, 'latin1')
    this.#buckets[hash(bytes, 0, bytes.length)]!.push({ bytes, command })
    this.#size++
  }
}

const table: CommandTable = new CommandTable([
  ...connectionCommands,
  ...keyCommands,
  ...stringCommands,
  ...createServerCommands(() => table.size),
])

/** Runs the command that was parsed; every command has exactly one reply. */
export function execute(request: Request, reply: ReplyBuffer, session: Session): void {
  session.database.counters.commands++
  const command = table.find(request.bytes, request.start(0), request.end(0))
  if (command === undefined) {
    reply.error(describeUnknown(request))
  } else if (!fitsArity(command.arity, request.count)) {
    wrongArity(reply, command.name)
  } else {
    command.run(request, reply, session)
  }
}

function describeUnknown(request: Request): string {
  let given = ''
  for (let i = 1; i < request.count && given.length < QUOTED; i++) {
    given += `'${untilNul(request.text(i)).slice(0, QUOTED - given.length)}' `
  }
  const name = untilNul(request.text(0)).slice(0, QUOTED)
  return `ERR unknown command '${name}', with args beginning with: ${given}`
}

/** Redis prints these as C strings. */
function untilNul(text: string): string {
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}

function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = end - start
  for (let i = start; i < end; i++) value = (value * 31 + (bytes[i]! | LOWER)) & 0xffff
  return value & (BUCKETS - 1)
}

function isName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!
    const lower = byte >= UPPER_A && byte <= UPPER_Z ? byte | LOWER : byte
    if (lower !== name[i]) return false
  }
  return true
}
