/** Plays a scenario of ../drop-in/scenarios through a door, says how each step went, and ends. */
import process from 'node:process'
import { inspect } from 'node:util'
import type { Scenario } from '../support/scenario.ts'
import { long } from '../support/patience.js'

/** Long for a step on loopback. */
const deadline = long(15_000)

async function withDeadline(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the step does not end')), deadline)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const [, , name, door = '', address = ''] = process.argv
const scenario = (await import(`../drop-in/scenarios/${name}.js`)) as Scenario<unknown, unknown>
const context = await scenario.open(door, JSON.parse(address))
for (const [step, body] of Object.entries(scenario.steps)) {
  const error = await withDeadline(body(context)).then(() => undefined, inspect)
  console.log(JSON.stringify({ step, error }))
}
await scenario.close(context)
