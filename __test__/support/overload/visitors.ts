/** Clients that want one answer, and may be turned away. */
import net from 'node:net'
import { setTimeout } from 'node:timers/promises'

export type Fate = 'served' | 'closed' | 'waiting'

/** Milliseconds after which a client that was not answered counts as one that waits. */
const patience = 3_000

export class Visitor {
  readonly #socket: net.Socket
  readonly fate: Promise<Fate>

  constructor(port: number, question: Buffer) {
    const socket = net.connect({ port, host: '127.0.0.1' })
    this.#socket = socket
    this.fate = new Promise((resolve) => {
      socket.once('connect', () => socket.write(question))
      socket.once('data', () => resolve('served'))
      socket.once('error', () => resolve('closed'))
      socket.once('close', () => resolve('closed'))
      socket.resume()
    })
  }

  /** Its fate so far. */
  async soon(): Promise<Fate> {
    const late = setTimeout(patience, 'waiting' as const, { ref: false })
    return Promise.race([this.fate, late])
  }

  leave(): void {
    this.#socket.destroy()
  }
}

/** Comes again until it is served, stays for a while, and leaves. How often it was turned away. */
export async function insist(port: number, question: Buffer, stay: number): Promise<number> {
  for (let refusals = 0; ; refusals += 1) {
    const visitor = new Visitor(port, question)
    const fate = await visitor.fate
    if (fate === 'served') await setTimeout(stay)
    visitor.leave()
    if (fate === 'served') return refusals
    await setTimeout(20 + (refusals % 7) * 10)
  }
}
