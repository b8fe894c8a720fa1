import type { ReplyBuffer } from './reply.ts'
import type { Request } from './request.ts'
import type { Store } from './store.ts'

/** What all connections share. */
export interface Database {
  readonly store: Store
  readonly counters: Counters
}

export interface Counters {
  /** Connections open now. */
  connections: number
  /** Connections accepted since the start. */
  accepted: number
  /** Commands run since the start. */
  commands: number
  /** `performance.now()` at the start. */
  readonly startedAt: number
  /** The port listened on. */
  readonly port: number
}

/** What a command may know and change of the connection it came from. */
export interface Session {
  readonly id: number
  readonly database: Database
  /** Set by CLIENT SETNAME. */
  name: string
  /** No more commands: the connection closes when the replies have left. */
  closing: boolean
}

/** Runs a command and gives exactly one reply. */
export type Run = (request: Request, reply: ReplyBuffer, session: Session) => void

export interface Command {
  /** In lower case. */
  readonly name: string
  /** Number of arguments with the name; a negative one is the least number. */
  readonly arity: number
  readonly run: Run
}

/** Whether so many arguments, the name among them, are right. */
export function fitsArity(arity: number, count: number): boolean {
  return arity < 0 ? count >= -arity : count === arity
}

export function wrongArity(reply: ReplyBuffer, name: string): void {
  reply.error(`ERR wrong number of arguments for '${name}' command`)
}

/** A command that is nothing but its subcommands. */
export function group(name: string, subcommands: readonly Command[], bare?: Run): Command {
  const table = new Map(subcommands.map((command) => [command.name, command]))
  return {
    name,
    arity: bare === undefined ? -2 : -1,
    run(request, reply, session) {
      if (bare !== undefined && request.count === 1) {
        bare(request, reply, session)
        return
      }
      const command = table.get(request.word(1))
      if (command === undefined) {
        const asked = request.text(1).slice(0, 128)
        reply.error(`ERR unknown subcommand '${asked}'. Try ${name.toUpperCase()} HELP.`)
      } else if (!fitsArity(command.arity, request.count)) {
        wrongArity(reply, `${name}|${command.name}`)
      } else {
        command.run(request, reply, session)
      }
    },
  }
}
