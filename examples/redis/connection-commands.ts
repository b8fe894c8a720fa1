import { group, wrongArity, type Command, type Run, type Session } from './command.ts'
import { NIL, NOT_AN_INTEGER, OK, PONG, type ReplyBuffer } from './reply.ts'
import type { Request } from './request.ts'

/** The Redis whose replies these are; clients choose by it what they ask for. */
export const REDIS_VERSION = '7.0.15'

const ping: Run = (request, reply) => {
  if (request.count === 1) reply.raw(PONG)
  else if (request.count === 2) reply.bulk(request.bytes, request.start(1), request.end(1))
  else wrongArity(reply, 'ping')
}

const echo: Run = (request, reply) => {
  reply.bulk(request.bytes, request.start(1), request.end(1))
}

const quit: Run = (_request, reply, session) => {
  session.closing = true
  reply.raw(OK)
}

const select: Run = (request, reply) => {
  const index = request.integer(1)
  if (index === null) reply.raw(NOT_AN_INTEGER)
  else if (index === 0) reply.raw(OK)
  else if (index >= -(2 ** 31) && index < 2 ** 31) {
    reply.error('ERR DB index is out of range')
  } else {
    reply.error('ERR value is out of range, value must between -2147483648 and 2147483647')
  }
}

const hello: Run = (request, reply, session) => {
  let next = 1
  if (request.count > 1) {
    const version = request.integer(1)
    if (version === null) {
      reply.error('ERR Protocol version is not an integer or out of range')
      return
    }
    // Clients that would like RESP3 take this as the sign to go on with RESP2.
    if (version !== 2) {
      reply.error('NOPROTO unsupported protocol version')
      return
    }
    next = 2
  }
  if (!helloOptions(request, next, reply, session)) return

  reply.array(14)
  for (const [name, value] of [
    ['server', 'redis'],
    ['version', REDIS_VERSION],
    ['proto', 2],
    ['id', session.id],
    ['mode', 'standalone'],
    ['role', 'master'],
  ] as const) {
    reply.bulkText(name)
    if (typeof value === 'number') reply.integer(value)
    else reply.bulkText(value)
  }
  reply.bulkText('modules')
  reply.array(0)
}

/** AUTH and SETNAME; false when they were wrong and have been answered. */
function helloOptions(
  request: Request,
  from: number,
  reply: ReplyBuffer,
  session: Session,
): boolean {
  let name: string | null = null
  for (let i = from; i < request.count; i++) {
    const word = request.word(i)
    const left = request.count - i - 1
    if (word === 'auth' && left >= 2) {
      // There is no password, so that any will do for the one user there is.
      if (request.text(i + 1) !== 'default') {
        reply.error('WRONGPASS invalid username-password pair or user is disabled.')
        return false
      }
      i += 2
    } else if (word === 'setname' && left >= 1) {
      name = request.text(++i)
      if (!checkName(name, reply)) return false
    } else {
      reply.error(`ERR Syntax error in HELLO option '${request.text(i)}'`)
      return false
    }
  }
  if (name !== null) session.name = name
  return true
}

const setName: Run = (request, reply, session) => {
  const name = request.text(2)
  if (!checkName(name, reply)) return
  session.name = name
  reply.raw(OK)
}

const getName: Run = (_request, reply, session) => {
  if (session.name === '') reply.raw(NIL)
  else reply.bulkText(session.name)
}

const setInfo: Run = (request, reply) => {
  const attribute = request.word(2)
  if (attribute === 'lib-name' || attribute === 'lib-ver') reply.raw(OK)
  else reply.error(`ERR Unrecognized option '${request.text(2)}'`)
}

/** False when the name has been refused. */
function checkName(name: string, reply: ReplyBuffer): boolean {
  if (/^[!-~]*$/.test(name)) return true
  reply.error('ERR Client names cannot contain spaces, newlines or special characters.')
  return false
}

export const connectionCommands: readonly Command[] = [
  { name: 'ping', arity: -1, run: ping },
  { name: 'echo', arity: 2, run: echo },
  { name: 'quit', arity: -1, run: quit },
  { name: 'select', arity: 2, run: select },
  { name: 'hello', arity: -1, run: hello },
  group('client', [
    { name: 'setname', arity: 3, run: setName },
    { name: 'getname', arity: 2, run: getName },
    { name: 'setinfo', arity: 4, run: setInfo },
    { name: 'id', arity: 2, run: (_request, reply, session) => reply.integer(session.id) },
  ]),
]
