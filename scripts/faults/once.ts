/**
 * Runs a scenario once, without the shim: somebody else makes calls fail. Prints what came of it.
 *
 * usage: node once.js SCENARIO IO SEED
 */
import { accessSync } from 'node:fs'
import { World } from './scenario.js'
import { scenarios } from './scenarios/index.js'
import { Mark } from './truth.js'

/** A call that somebody who sees all calls will recognise. */
function mark(name: string): void {
  try {
    accessSync(name)
  } catch {
    // There is no such file.
  }
}

const [name = '', io = '', seed = ''] = process.argv.slice(2)
const calm = { pause: () => mark(Mark.calm), resume: () => {} }
const world = new World(Number(seed), { io, wake: 'uv' }, calm)
mark(Mark.begin)
await scenarios[name]?.run(world)
world.ledger.settle()
const { codes, violations } = world.ledger
console.log(JSON.stringify({ codes, violations, lines: world.ledger.summary() }))
