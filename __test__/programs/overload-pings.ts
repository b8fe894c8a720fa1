/**
 * Clients that behave, in a process of their own: each asks, waits until it has the answer, and asks
 * again. They measure how long that takes.
 */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { frame } from '../support/overload/serving.js'
import { answer } from '../support/remote.js'
import { until } from '../support/until.js'

export interface Latency {
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly count: number
}

const echoed = Buffer.alloc(frame, 'w')
const request = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
const times: number[] = []
const pings: Ping[] = []
let isOn = false

class Ping {
  readonly #socket: net.Socket
  readonly #message: Buffer
  readonly #answerLength: number
  isOpen = true
  #begun = 0
  #missing = 0
  #answered: () => void = () => {}

  constructor(socket: net.Socket, message: Buffer, answerLength: number) {
    this.#socket = socket
    this.#message = message
    this.#answerLength = answerLength
    socket.on('error', () => {})
    socket.on('close', () => (this.isOpen = false))
    socket.on('data', (chunk) => {
      this.#missing -= chunk.length
      if (this.#missing > 0) return
      this.#answered()
      times.push(performance.now() - this.#begun)
      if (isOn) this.ask()
    })
  }

  ask(): void {
    this.#missing = this.#answerLength
    this.#begun = performance.now()
    this.#socket.write(this.#message)
  }

  async answer(): Promise<void> {
    const answered = new Promise<void>((resolve) => (this.#answered = resolve))
    this.ask()
    await answered
  }

  get isWaiting(): boolean {
    return this.isOpen && this.#missing > 0
  }

  close(): void {
    this.#socket.destroy()
  }
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** How long answers of HTTP are here: all have the same head. */
async function lengthOfAnswer(port: number): Promise<number> {
  const socket = await connect(port)
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  socket.write(request)
  while (!text.includes('\r\n\r\n') || text.length < text.indexOf('\r\n\r\n') + 4 + frame) {
    await once(socket, 'data')
  }
  socket.destroy()
  return text.length
}

const calls = {
  async connect(port: number, count: number, isHttp: boolean): Promise<void> {
    const length = isHttp ? await lengthOfAnswer(port) : echoed.length
    for (let n = 0; n < count; n += 1) {
      pings.push(new Ping(await connect(port), isHttp ? request : echoed, length))
    }
    await Promise.all(pings.map(async (ping) => ping.answer()))
  },

  async measure(milliseconds: number): Promise<Latency> {
    times.length = 0
    isOn = true
    for (const ping of pings) ping.ask()
    await setTimeout(milliseconds)
    isOn = false
    // Those that wait are the slowest.
    await until('all are answered', () => !pings.some(({ isWaiting }) => isWaiting))
    const sorted = times.toSorted((a, b) => a - b)
    const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Infinity
    return { p50: at(0.5), p99: at(0.99), count: sorted.length }
  },

  /** How many are still open. */
  async open(): Promise<number> {
    return pings.filter(({ isOpen }) => isOpen).length
  },

  async close(): Promise<void> {
    for (const ping of pings) ping.close()
  },
}

export type OverloadPings = typeof calls

answer(calls)
