import { spawnSync } from 'node:child_process'
import test from 'ava'
import '../support/census.js'
import { type DeclaredExample, compile, declaredExamples } from '../support/declared-examples.js'

interface Outcome {
  readonly program: string
  /** By which of the lines that print, in the order of the text; null for one that does not say what. */
  readonly printed: readonly [line: number | null, text: string][]
  readonly left?: number
  readonly error?: string
}

const examples = declaredExamples()

test('the examples of doc comments compile strictly', (t) => {
  t.true(examples.length > 80)
  t.is(compile(examples), '')
})

test('they print what they say that they print, and close what they open', (t) => {
  // One changes `node:net` for all that come after it.
  const isApart = ({ place }: { place: string }): boolean => place.startsWith('src/register')
  const here = examples.filter(({ isForHere }) => isForHere)
  for (const group of [here.filter((one) => !isApart(one)), here.filter(isApart)]) {
    const child = spawnSync(
      process.execPath,
      ['build/__test__/programs/declared-examples.js', ...group.map(({ program }) => program)],
      { encoding: 'utf8', timeout: 50_000 },
    )
    t.is(child.stderr, '')
    const lines = child.stdout.split('\n').filter((line) => line !== '')
    const outcomes = lines.map((line) => JSON.parse(line) as Outcome)
    t.is(outcomes.length, group.length, child.error?.message)
    const problems = group.flatMap((example, index) => problemsOf(example, outcomes[index]!))
    t.deepEqual(problems, [])
  }
})

function problemsOf({ place, prints }: DeclaredExample, outcome: Outcome): string[] {
  const { error, printed, left } = outcome
  if (error !== undefined) return [`${place}: ${error}`]
  const problems = left === 0 ? [] : [`${place} leaves ${left} descriptors open`]
  for (const line of prints.keys()) {
    const isThere = printed.some((one) => one[0] === line)
    if (!isThere) problems.push(`${place} does not print ${prints[line]}`)
  }
  for (const [line, text] of printed) {
    const print = line === null ? undefined : prints[line]
    if (print === undefined) problems.push(`${place} prints ${text}, and does not say so`)
    else if (!looksLike(text, print)) problems.push(`${place} prints ${text} instead of ${print}`)
  }
  return problems
}

function looksLike(text: string, pattern: string): boolean {
  const parts = pattern.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(text)
}
