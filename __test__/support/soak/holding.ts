/** What a process has of the system. Linux only. */
import { readFile, readdir, stat } from 'node:fs/promises'

export interface Holding {
  readonly descriptors: number
  readonly threads: number
  /** Bytes of memory that are resident. */
  readonly memory: number
}

/**
 * Lets a process that was started with `--expose-gc` collect what is garbage, so that what is left is
 * what it holds.
 */
export function collect(): void {
  const { gc } = globalThis as { gc?: () => void }
  if (gc === undefined) throw new Error('--expose-gc is missing')
  gc()
}

/** Of this process, or of another one of the same user. */
export async function holdingOf(pid: number | 'self' = 'self'): Promise<Holding> {
  const path = `/proc/${pid}`
  const [descriptors, status] = await Promise.all([
    countOf(`${path}/fd`),
    readFile(`${path}/status`, 'latin1'),
  ])
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { descriptors, threads: number('Threads'), memory: number('VmRSS') * 1024 }
}

/** Linux tells how many there are as the size of the folder, since 6.2. */
async function countOf(folder: string): Promise<number> {
  const { size } = await stat(folder)
  return size > 0 ? size : (await readdir(folder)).length
}
