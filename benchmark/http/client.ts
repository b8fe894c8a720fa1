/** The other way round: what is measured is the client of a database. */
import { type Command, Program } from '../process.js'
import { type Figures, type Settings, perUnit } from '../suite/measure.js'
import type { Database } from './databases.js'

interface Report {
  readonly units: number
  readonly unitsPerSecond: number
}

export async function asClient(
  { command, env = {} }: Command,
  startDatabase: () => Promise<Database>,
  { seconds, warmup }: Settings,
): Promise<Figures> {
  await using database = await startDatabase()
  const args = [database.port, seconds, warmup].map(String)
  await using running = new Program({ command: [...command, ...args], env })
  const word = await running.line()
  if (word !== 'start') throw new Error(`a client said ${word}`)
  const before = running.cpu()
  running.go()
  const { units, unitsPerSecond } = JSON.parse(await running.line()) as Report
  return { ...perUnit(units, before, running.cpu()), unitsPerSecond }
}
