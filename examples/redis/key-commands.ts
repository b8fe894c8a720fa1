import type { Command, Run } from './command.ts'
import { deadlineAfter, MILLISECOND, SECOND } from './deadline.ts'
import { matchesGlob } from './glob.ts'
import { NOT_AN_INTEGER, type ReplyBuffer } from './reply.ts'
import type { Request } from './request.ts'

const del: Run = (request, reply, session) => {
  let count = 0
  for (let i = 1; i < request.count; i++) {
    if (session.database.store.delete(request.text(i))) count++
  }
  reply.integer(count)
}

const exists: Run = (request, reply, session) => {
  let count = 0
  for (let i = 1; i < request.count; i++) {
    if (session.database.store.has(request.text(i))) count++
  }
  reply.integer(count)
}

const type: Run = (request, reply, session) => {
  reply.simple(session.database.store.has(request.text(1)) ? 'string' : 'none')
}

const keys: Run = (request, reply, session) => {
  const pattern = request.text(1)
  const found: string[] = []
  for (const key of session.database.store.keys()) {
    if (pattern === '*' || matchesGlob(pattern, key)) found.push(key)
  }
  reply.array(found.length)
  for (const key of found) reply.bulkText(key)
}

type Condition = 'nx' | 'xx' | 'gt' | 'lt'

/** EXPIRE and PEXPIRE. */
function expire(name: string, unit: number): Run {
  return (request, reply, session) => {
    const conditions = parseConditions(request, reply)
    if (conditions === null) return
    const amount = request.integer(2)
    if (amount === null) {
      reply.raw(NOT_AN_INTEGER)
      return
    }
    const now = Date.now()
    const deadline = deadlineAfter(amount, unit, now)
    if (deadline === null) {
      reply.error(`ERR invalid expire time in '${name}' command`)
      return
    }
    const { store } = session.database
    const key = request.text(1)
    if (!store.has(key) || !allows(conditions, store.deadline(key), deadline)) {
      reply.integer(0)
      return
    }
    if (deadline <= now) store.delete(key)
    else store.setDeadline(key, deadline)
    reply.integer(1)
  }
}

/** The words after the time; null when they were wrong and have been answered. */
function parseConditions(request: Request, reply: ReplyBuffer): Set<Condition> | null {
  const conditions = new Set<Condition>()
  for (let i = 3; i < request.count; i++) {
    const word = request.word(i)
    if (word !== 'nx' && word !== 'xx' && word !== 'gt' && word !== 'lt') {
      reply.error(`ERR Unsupported option ${request.text(i)}`)
      return null
    }
    conditions.add(word)
  }
  if (conditions.has('nx') && conditions.size > 1) {
    reply.error('ERR NX and XX, GT or LT options at the same time are not compatible')
    return null
  }
  if (conditions.has('gt') && conditions.has('lt')) {
    reply.error('ERR GT and LT options at the same time are not compatible')
    return null
  }
  return conditions
}

/** Whether the conditions let the new deadline replace the old; none at all is the latest of all. */
function allows(conditions: Set<Condition>, old: number | undefined, deadline: number): boolean {
  if (conditions.has('nx') && old !== undefined) return false
  if (conditions.has('xx') && old === undefined) return false
  if (conditions.has('gt') && (old === undefined || deadline <= old)) return false
  return !(conditions.has('lt') && old !== undefined && deadline >= old)
}

/** TTL and PTTL. */
function timeLeft(unit: number): Run {
  return (request, reply, session) => {
    const { store } = session.database
    const key = request.text(1)
    if (!store.has(key)) {
      reply.integer(-2)
      return
    }
    const deadline = store.deadline(key)
    // It may have passed since `has`: a key that was alive is never answered with an error's number.
    const left = deadline === undefined ? -1 : Math.max(0, deadline - Date.now())
    reply.integer(left < 0 || unit === MILLISECOND ? left : Math.floor((left + 500) / unit))
  }
}

const persist: Run = (request, reply, session) => {
  const { store } = session.database
  const key = request.text(1)
  reply.integer(store.has(key) && store.persist(key) ? 1 : 0)
}

export const keyCommands: readonly Command[] = [
  { name: 'del', arity: -2, run: del },
  { name: 'exists', arity: -2, run: exists },
  { name: 'type', arity: 2, run: type },
  { name: 'keys', arity: 2, run: keys },
  { name: 'expire', arity: -3, run: expire('expire', SECOND) },
  { name: 'pexpire', arity: -3, run: expire('pexpire', MILLISECOND) },
  { name: 'ttl', arity: 2, run: timeLeft(SECOND) },
  { name: 'pttl', arity: 2, run: timeLeft(MILLISECOND) },
  { name: 'persist', arity: 2, run: persist },
]
