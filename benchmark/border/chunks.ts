/** What it costs to get a chunk: copied, borrowed, or in a donated buffer. */
import { native } from '#src/binding.js'
import { chunkOf, viewOf } from '#src/engine/chunk.js'
import { Io } from '#src/engine/io.js'
import { Machine } from '#src/engine/machine.js'
import { chooseWake } from '#src/wake.js'
import { table } from '../statistics.js'
import { Figures, nameOf, sizes } from './figures.js'

/** The size of a donated buffer. */
const donated = 64 * 1024
/** How many a lane takes. */
const slots = 64
/** What one round delivers of each size: enough for the garbage collector to have its share. */
const volume = 16 * 2 ** 20
const most = 20_000

/** Nanoseconds of one of `count` calls. */
function time(count: number, call: (index: number) => void): number {
  const start = process.hrtime.bigint()
  for (let index = 0; index < count; index += 1) call(index)
  return Number(process.hrtime.bigint() - start) / count
}

const batch = Buffer.alloc(4 * donated, 1)
const arena = Buffer.alloc(4 * donated)

/** As bytes come: copied from the lane's batch to the arena, and from there by `take`. */
function receiving(
  size: number,
  take: (arena: Buffer, at: number, size: number) => Buffer,
): (index: number) => void {
  const places = arena.length / size
  return (index) => {
    const at = (index % places) * size
    batch.copy(arena, at, at, at + size)
    take(arena, at, size)
  }
}

/** A buffer for each chunk, made and given away. Nobody reads into it, and it is not given back. */
async function donating(): Promise<number> {
  const engine = new Machine(Io.inline, chooseWake(), 1, Infinity)
  const nanos = time(slots, (slot) => {
    const buffer = Buffer.allocUnsafeSlow(donated)
    if (native.engineDonate(engine.handle, 0, slot, buffer) < 0) throw new Error('not donated')
    viewOf(buffer, 0, donated)
  })
  await engine.close(() => {})
  return nanos
}

export async function chunks(rounds: number): Promise<string> {
  const figures = new Figures()
  for (let round = 0; round < rounds; round += 1) {
    for (const size of sizes) {
      const count = Math.min(volume / size, most)
      figures.add(`copied ${size}`, time(count, receiving(size, chunkOf)))
      figures.add(`borrowed ${size}`, time(count, receiving(size, viewOf)))
    }
    figures.add('donated', await donating())
  }
  const rows = sizes.map((size) => [
    nameOf(size),
    figures.show(`copied ${size}`),
    figures.show(`borrowed ${size}`),
    figures.show('donated'),
  ])
  return table([['chunk', 'copied, ns', 'borrowed, ns', 'in a donated buffer, ns'], ...rows])
}
