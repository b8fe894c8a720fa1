import { long } from '../../support/patience.js'
const DEADLINE = long(15_000)

export async function deadline<T>(work: Promise<T>, message: string, time = DEADLINE): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message)), time)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + DEADLINE
  while (!(await condition())) {
    // A condition that asks nobody must let others run too.
    await new Promise(setImmediate)
    if (performance.now() > end) throw new Error('the expected state did not come')
  }
}
