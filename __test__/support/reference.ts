/**
 * What Node does, for tests that compare with it.
 *
 * Other runtimes have modules of the same names that do it in their own way, and are no measure.
 * There, the answers are those that Node gave to the same tests before: in `MIO_JS_TEST_RECORD` it
 * writes them to a file, in `MIO_JS_TEST_REFERENCE` they are read from it.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import type { ExecutionContext } from 'ava'

const { MIO_JS_TEST_RECORD: record, MIO_JS_TEST_REFERENCE: reference } = process.env

/** Whether this runtime's own modules are the measure. */
export const isReference = reference === undefined

/** Whether Node's answers are all that is wanted. */
export const isRecording = record !== undefined

/** The answers, by the title of the test and the number of the question in it. */
const answers =
  reference === undefined
    ? undefined
    : new Map(
        readFileSync(reference, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as [key: string, answer: unknown]),
      )

const asked = new Map<string, number>()

/** Node's answer. Where it was recorded, it is what {@link comparable} makes of it. */
export async function ofNode<T>(t: ExecutionContext, ask: () => Promise<T>): Promise<T> {
  const count = (asked.get(t.title) ?? 0) + 1
  asked.set(t.title, count)
  const key = `${t.title} #${count}`
  if (answers !== undefined) {
    if (!answers.has(key)) throw new Error(`Node was not asked: ${key}`)
    return answers.get(key) as T
  }
  const answer = await ask()
  if (record !== undefined) {
    appendFileSync(record, `${JSON.stringify([key, plain(answer)])}\n`)
  }
  return answer
}

/** A value as it is compared with an answer of Node's. */
export function comparable(value: unknown): unknown {
  return isReference ? value : JSON.parse(JSON.stringify(plain(value)))
}

/** What errors have in some runtimes alone: how their classes are made, and where they were. */
const foreign = new Set(['class', 'column', 'line', 'sourceURL', 'toString'])

/** A value without what JSON does not have. */
function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
    case 'bigint':
      return `<${String(value)}>`
    case 'number':
      return Number.isFinite(value) ? value : `<${value}>`
    case 'object':
      if (value === null) return value
      if (Array.isArray(value)) return value.map((item) => plain(item))
      return Object.fromEntries(
        Object.entries(value)
          .filter(([key]) => !foreign.has(key))
          .map(([key, item]) => [key, plain(item)]),
      )
    default:
      return value
  }
}
