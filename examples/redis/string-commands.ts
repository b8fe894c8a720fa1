import type { Command, Run, Session } from './command.ts'
import { wrongArity } from './command.ts'
import { deadlineAfter, MILLISECOND, SECOND } from './deadline.ts'
import { addIntegers, negateInteger, parseInteger, type Integer } from './integer.ts'
import { MAX_BULK } from './limits.ts'
import { NIL, NOT_AN_INTEGER, OK, SYNTAX_ERROR, type ReplyBuffer } from './reply.ts'
import type { Request } from './request.ts'

const get: Run = (request, reply, session) => {
  const value = session.database.store.get(request.text(1))
  if (value === undefined) reply.raw(NIL)
  else reply.bulk(value)
}

const set: Run = (request, reply, session) => {
  const { store } = session.database
  if (request.count === 3) {
    const key = request.text(1)
    store.put(key, request.bytes, request.start(2), request.end(2))
    store.persist(key)
    reply.raw(OK)
    return
  }
  setWithOptions(request, reply, session)
}

interface SetOptions {
  condition: 'nx' | 'xx' | null
  get: boolean
  keepDeadline: boolean
  /** Index of the argument that says when the key dies. */
  deadlineAt: number
  unit: number
  /** The moment itself, not the time until then. */
  absolute: boolean
}

function setWithOptions(request: Request, reply: ReplyBuffer, session: Session): void {
  const options = parseSetOptions(request)
  if (options === null) {
    reply.raw(SYNTAX_ERROR)
    return
  }
  let deadline: number | null = null
  if (options.deadlineAt > 0) {
    const amount = request.integer(options.deadlineAt)
    if (amount === null) {
      reply.raw(NOT_AN_INTEGER)
      return
    }
    deadline = deadlineAfter(amount, options.unit, options.absolute ? 0 : Date.now())
    if (amount <= 0 || deadline === null) {
      reply.error("ERR invalid expire time in 'set' command")
      return
    }
  }

  const { store } = session.database
  const key = request.text(1)
  const old = store.get(key)
  if (options.get) {
    if (old === undefined) reply.raw(NIL)
    else reply.bulk(old)
  }
  if (options.condition !== null && (old === undefined) !== (options.condition === 'nx')) {
    if (!options.get) reply.raw(NIL)
    return
  }
  store.put(key, request.bytes, request.start(2), request.end(2))
  if (deadline !== null) store.setDeadline(key, deadline)
  else if (!options.keepDeadline) store.persist(key)
  if (!options.get) reply.raw(OK)
}

/** The words after the value, or null when they make no sense together. */
function parseSetOptions(request: Request): SetOptions | null {
  const options: SetOptions = {
    condition: null,
    get: false,
    keepDeadline: false,
    deadlineAt: 0,
    unit: MILLISECOND,
    absolute: false,
  }
  let timed = ''
  for (let i = 3; i < request.count; i++) {
    const word = request.word(i)
    switch (word) {
      case 'nx':
      case 'xx':
        if (options.condition !== null && options.condition !== word) return null
        options.condition = word
        break
      case 'get':
        options.get = true
        break
      case 'keepttl':
        if (options.deadlineAt > 0) return null
        options.keepDeadline = true
        break
      case 'ex':
      case 'px':
      case 'exat':
      case 'pxat':
        // One of the four, which may be repeated: the last one counts.
        if (options.keepDeadline || (timed !== '' && timed !== word)) return null
        if (i + 1 >= request.count) return null
        timed = word
        options.unit = word.startsWith('e') ? SECOND : MILLISECOND
        options.absolute = word.endsWith('at')
        options.deadlineAt = ++i
        break
      default:
        return null
    }
  }
  return options
}

const mget: Run = (request, reply, session) => {
  reply.array(request.count - 1)
  for (let i = 1; i < request.count && !reply.overflowed; i++) {
    const value = session.database.store.get(request.text(i))
    if (value === undefined) reply.raw(NIL)
    else reply.bulk(value)
  }
}

const mset: Run = (request, reply, session) => {
  if (request.count % 2 === 0) {
    wrongArity(reply, 'mset')
    return
  }
  const { store } = session.database
  for (let i = 1; i < request.count; i += 2) {
    const key = request.text(i)
    store.put(key, request.bytes, request.start(i + 1), request.end(i + 1))
    store.persist(key)
  }
  reply.raw(OK)
}

const append: Run = (request, reply, session) => {
  const { store } = session.database
  const key = request.text(1)
  const old = store.get(key)
  const start = request.start(2)
  const end = request.end(2)
  if (old === undefined) {
    store.put(key, request.bytes, start, end)
    reply.integer(end - start)
    return
  }
  const size = old.length + end - start
  if (size > MAX_BULK) {
    reply.error('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
    return
  }
  store.put(key, Buffer.concat([old, request.bytes.subarray(start, end)], size))
  reply.integer(size)
}

const strlen: Run = (request, reply, session) => {
  reply.integer(session.database.store.get(request.text(1))?.length ?? 0)
}

/** Adds to the counter at the first argument. */
function add(request: Request, reply: ReplyBuffer, session: Session, amount: Integer): void {
  const { store } = session.database
  const key = request.text(1)
  const old = store.get(key)
  const value = old === undefined ? 0 : parseInteger(old, 0, old.length)
  if (value === null) {
    reply.raw(NOT_AN_INTEGER)
    return
  }
  const sum = addIntegers(value, amount)
  if (sum === null) {
    reply.error('ERR increment or decrement would overflow')
    return
  }
  store.putDigits(key, String(sum))
  reply.integer(sum)
}

const incrby: Run = (request, reply, session) => {
  const amount = request.integer(2)
  if (amount === null) reply.raw(NOT_AN_INTEGER)
  else add(request, reply, session, amount)
}

const decrby: Run = (request, reply, session) => {
  const amount = request.integer(2)
  if (amount === null) {
    reply.raw(NOT_AN_INTEGER)
    return
  }
  const negated = negateInteger(amount)
  if (negated === null) reply.error('ERR decrement would overflow')
  else add(request, reply, session, negated)
}

export const stringCommands: readonly Command[] = [
  { name: 'get', arity: 2, run: get },
  { name: 'set', arity: -3, run: set },
  { name: 'mget', arity: -2, run: mget },
  { name: 'mset', arity: -3, run: mset },
  { name: 'append', arity: 3, run: append },
  { name: 'strlen', arity: 2, run: strlen },
  { name: 'incr', arity: 2, run: (request, reply, session) => add(request, reply, session, 1) },
  { name: 'decr', arity: 2, run: (request, reply, session) => add(request, reply, session, -1) },
  { name: 'incrby', arity: 3, run: incrby },
  { name: 'decrby', arity: 3, run: decrby },
]
