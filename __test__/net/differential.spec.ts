/**
 * Random programs, with Node's module and with ours at each end: all must see the same.
 * `MODEL_SEED=… MODEL_RUNS=…` repeats or prolongs a run.
 */
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import '../support/census.js'
import { outcome, pairs } from '../support/net.js'
import { type Program, program, runProgram } from '../support/net-program.js'
import type { Outcome } from '../support/net-world.js'
import { where } from '../support/platforms.js'
import { isNode } from '../support/runtime.js'

const seed = Number(process.env['MODEL_SEED'] ?? Math.trunc(Math.random() * 2 ** 31))
const numRuns = Number(process.env['MODEL_RUNS'] ?? 60)

/** The first thing that was seen differently, by anybody. */
function difference(actual: Outcome, expected: Outcome): string | undefined {
  for (const name of new Set([...Object.keys(expected.log), ...Object.keys(actual.log)])) {
    const [seen, due] = [actual.log[name] ?? [], expected.log[name] ?? []]
    const at = Array.from({ length: Math.max(seen.length, due.length) }).findIndex(
      (_, index) => !isDeepStrictEqual(seen[index], due[index]),
    )
    if (at === -1) continue
    const lines = [`seen:     ${JSON.stringify(seen[at])}`, `expected: ${JSON.stringify(due[at])}`]
    return [`${name}, entry ${at}`, ...lines].join('\n')
  }
  return undefined
}

const compared = where(isNode, "it is Node's own net that is the measure")

compared(`any program does with this package what it does with Node (seed ${seed})`, async (t) => {
  const check = async (given: Program): Promise<void> => {
    const expected = await outcome('core', 'core', async (world) => runProgram(world, given))
    for (const [server, client] of pairs) {
      const actual = await outcome(server, client, async (world) => runProgram(world, given))
      const found = difference(actual, expected)
      if (found !== undefined) throw new Error(`${server} serves ${client}: ${found}`)
    }
  }
  const result = await fc.check(fc.asyncProperty(program, check), { seed, numRuns })
  const { counterexample, errorInstance } = result
  t.false(result.failed, `${JSON.stringify(counterexample)}\n${String(errorInstance)}`)
})
