/** Pipes, FIFOs, and what descriptors are set to. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { type Receiver, type Sender, pipe } from 'mio-js'
import { closing } from './sockets.js'
import { until } from './until.js'

export const NONBLOCK = 0o4000
export const CLOEXEC = 0o2000000

/** The `flags` of an open descriptor, as open(2) has them. Linux alone tells. */
export function flagsOf(fd: number): number {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  return Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8)
}

/** A pipe whose ends are closed with the test. */
export function pipes(t: ExecutionContext): [Sender, Receiver] {
  const [sender, receiver] = pipe()
  return [closing(t, sender), closing(t, receiver)]
}

/** The path of a FIFO that is removed with the test. */
export function fifo(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'mio-js-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true })
  })
  const path = join(directory, 'fifo')
  const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' })
  t.is(status, 0, stderr)
  return path
}

/** Reads to the end. */
export async function readAll(receiver: Receiver): Promise<Buffer> {
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(64 * 1024)
  await until('the end is read', () => {
    const count = receiver.read(buffer)
    if (count !== null) chunks.push(Buffer.from(buffer.subarray(0, count)))
    return count === 0
  })
  return Buffer.concat(chunks)
}

/** Writes until nothing more fits, and returns how many bytes did. */
export function fill(sender: Sender): number {
  const chunk = Buffer.alloc(64 * 1024 + 1)
  let sent = 0
  for (;;) {
    const count = sender.write(chunk)
    if (count === null) return sent
    sent += count
  }
}
