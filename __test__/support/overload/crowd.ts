/** Thousands of clients that cost little themselves: streams of `mio-js`, and one Poll for all. */
import { setImmediate } from 'node:timers/promises'
import { Events, Interest, Poll, TcpStream, Token } from 'mio-js'
import { until } from '../until.js'

interface Member {
  readonly stream: TcpStream
  readonly begun: number
  isConnected: boolean
  isOpen: boolean
  /** Bytes of what it says that it has said. */
  said: number
  received: number
}

/** Connections that are being made at a time: fewer than any backlog. */
const wave = 200

/** Of a crowd that trickles, each says something at another time. */
const parts = 50

const both = Interest.READABLE.add(Interest.WRITABLE)

export class Crowd {
  readonly #poll = new Poll()
  readonly #events = Events.withCapacity(1_024)
  readonly #members: Member[] = []
  readonly #buffer = Buffer.alloc(65_536)
  readonly #isReading: boolean
  #timer: NodeJS.Timeout | undefined
  /** The longest that one was open which the server closed, in milliseconds. */
  longest = 0

  constructor(isReading: boolean) {
    this.#isReading = isReading
  }

  /** So many more, each of which has said `hello` then; a small buffer makes a peer that reads nothing. */
  async join(port: number, count: number, hello: Buffer, recvBufferSize?: number): Promise<void> {
    for (let begun = 0; begun < count; begun += wave) {
      for (let n = begun; n < Math.min(begun + wave, count); n += 1) this.#add(port, recvBufferSize)
      await until('a wave is connected', () => {
        this.#look()
        return this.#members.every(({ isConnected, isOpen }) => isConnected || !isOpen)
      })
      for (const member of this.#members.slice(-wave)) this.#say(member, hello, hello.length)
      await setImmediate()
    }
  }

  /** Each says the next bytes of `text` now and then, and all hear what they are told. */
  trickle(text: Buffer, every: number): void {
    let turn = 0
    this.#timer = setInterval(() => {
      this.#look()
      turn = (turn + 1) % parts
      for (let n = turn; n < this.#members.length; n += parts) this.#say(this.#members[n]!, text, 1)
    }, every / parts)
  }

  /** Each says all at once what it has not said of so many bytes. */
  finish(length: number): void {
    const text = Buffer.alloc(length, 'x')
    for (const member of this.#members) this.#say(member, text, length - member.said)
  }

  get open(): number {
    this.#look()
    return this.#members.filter(({ isOpen }) => isOpen).length
  }

  /** How many have got something back. */
  get answered(): number {
    this.#look()
    return this.#members.filter(({ received }) => received > 0).length
  }

  leave(): void {
    clearInterval(this.#timer)
    for (const { stream, isOpen } of this.#members) if (isOpen) stream.close()
    this.#members.length = 0
    this.#poll.close()
  }

  #add(port: number, recvBufferSize: number | undefined): void {
    const to = `127.0.0.1:${port}`
    let stream: TcpStream
    if (recvBufferSize === undefined) stream = TcpStream.connect(to)
    else {
      const builder = TcpStream.builder('IPv4')
      builder.options.setRecvBufferSize(recvBufferSize)
      stream = builder.connect(to)
    }
    const begun = performance.now()
    const token = Token(this.#members.length)
    this.#members.push({ stream, begun, isConnected: false, isOpen: true, said: 0, received: 0 })
    this.#poll.registry.register(stream, token, both)
  }

  #say(member: Member, text: Buffer, count: number): void {
    if (!member.isOpen) return
    this.#try(member, () => {
      const from = member.said % text.length
      member.said += member.stream.write(text.subarray(from, from + Math.max(count, 0))) ?? 0
    })
  }

  #look(): void {
    while (this.#poll.poll(this.#events, 0) > 0) {
      for (const { token } of this.#events) {
        const member = this.#members[token]
        if (member?.isOpen) this.#try(member, () => this.#hear(member))
      }
    }
  }

  #hear(member: Member): void {
    member.isConnected ||= member.stream.finishConnect()
    if (!member.isConnected || !this.#isReading) return
    const isOver = member.stream.readAll(this.#buffer, (count) => {
      member.received += count
    })
    if (isOver === true) this.#close(member)
  }

  #try(member: Member, operation: () => void): void {
    try {
      operation()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
      this.#close(member)
    }
  }

  #close(member: Member): void {
    member.isOpen = false
    member.stream.close()
    this.longest = Math.max(this.longest, performance.now() - member.begun)
  }
}
