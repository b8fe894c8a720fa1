/** Requests and answers of the domain name system (RFC 1035), as far as a small server needs them. */
import { type Records, type Table, Type, encode, typesOf } from './record.ts'

const HEAD = 12
/** Seconds for which an answer may be kept. */
const TTL = 60
/** What a message over UDP may have without further ado. */
const MOST = 512
const CLASS_IN = 1
const CLASS_ANY = 255

const RESPONSE = 0x8000
const OPCODE = 0x7800
const AUTHORITATIVE = 0x0400
const TRUNCATED = 0x0200
const RECURSION_DESIRED = 0x0100

const Code = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

interface Question {
  readonly name: string
  readonly type: number
  readonly class: number
  /** Where it ends in the request. */
  readonly end: number
}

/**
 * The answer to a request of any bytes; `null` for what must not be answered: an answer, which would
 * make two servers talk to each other for ever, and what has no number to answer to.
 */
export function answer(request: Buffer, table: Table): Buffer | null {
  if (request.length < HEAD) return null
  const flags = request.readUInt16BE(2)
  if ((flags & RESPONSE) !== 0) return null
  if ((flags & OPCODE) !== 0) return reply(request, HEAD, Code.NOTIMP)
  const question = request.readUInt16BE(4) === 1 ? questionOf(request) : null
  if (question === null) return reply(request, HEAD, Code.FORMERR)
  const { name, type, end } = question
  if (question.class !== CLASS_IN && question.class !== CLASS_ANY) {
    return reply(request, end, Code.REFUSED)
  }
  const records = table.get(name)
  if (records === undefined) return reply(request, end, Code.NXDOMAIN)
  return reply(request, end, Code.NOERROR, recordsOf(records, type))
}

/** The one question; `null` if it is malformed. */
function questionOf(request: Buffer): Question | null {
  const labels = []
  let at = HEAD
  for (;;) {
    const length = request[at]
    // Two bits mark a pointer, and a question has nothing before it to point to.
    if (length === undefined || length > 63) return null
    at += 1
    if (length === 0) break
    if (at + length > request.length || at + length - HEAD > 254) return null
    labels.push(request.toString('latin1', at, at + length))
    at += length
  }
  if (at + 4 > request.length) return null
  return {
    name: labels.join('.').toLowerCase(),
    type: request.readUInt16BE(at),
    class: request.readUInt16BE(at + 2),
    end: at + 4,
  }
}

/** Each record with its head: a pointer to the name of the question, type, class, TTL, length. */
function recordsOf(records: Records, question: number): Buffer[] {
  return typesOf(question).flatMap((type) =>
    (records[type] ?? []).map((value) => {
      const data = encode(type, value)
      const head = Buffer.alloc(12)
      head.writeUInt16BE(0xc000 | HEAD, 0)
      head.writeUInt16BE(Type[type], 2)
      head.writeUInt16BE(CLASS_IN, 4)
      head.writeUInt32BE(TTL, 6)
      head.writeUInt16BE(data.length, 10)
      return Buffer.concat([head, data])
    }),
  )
}

/** The request up to `end`, made an answer. Records that do not fit make it a truncated one. */
function reply(request: Buffer, end: number, code: number, records: Buffer[] = []): Buffer {
  const length = records.reduce((sum, record) => sum + record.length, end)
  const fitting = length <= MOST ? records : []
  const message = Buffer.concat([request.subarray(0, end), ...fitting])
  const kept = request.readUInt16BE(2) & (OPCODE | RECURSION_DESIRED)
  const truncated = fitting === records ? 0 : TRUNCATED
  message.writeUInt16BE(RESPONSE | AUTHORITATIVE | kept | truncated | code, 2)
  message.writeUInt16BE(end > HEAD ? 1 : 0, 4)
  message.writeUInt16BE(fitting.length, 6)
  message.writeUInt32BE(0, 8)
  return message
}
