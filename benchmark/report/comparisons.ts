/** What is compared: programs that do the same work, by which client, and with whom each is compared. */
import { versionOf } from '../machine.js'
import { type Command, compiled, native } from '../process.js'
import { type Figures, type Settings, affordable, underRedisBenchmark } from '../suite/measure.js'
import { under } from '../suite/workload.js'
import { underWrk, wrkVersion } from '../http/wrk.js'
import type { Comparison, Family } from './samples.js'
import { type Runtimes, majors } from './runtimes.js'

/** A comparison, and how it is made. */
export interface Measured extends Comparison {
  readonly commands: ReadonlyMap<string, Command>
  measure(command: Command, settings: Settings): Promise<Figures>
}

interface Server {
  readonly name: string
  readonly command: Command
  /** The name of the one that it is compared with; none for those. */
  readonly against?: string
}

const net = (major: number): string => `node:net, Node ${major}`
const http = (major: number): string => `node:http, Node ${major}`

/** The families in the order of the page. */
export const families: readonly Family[] = [
  'echo',
  'http',
  'redis',
  'connections',
  'size',
  'threads',
]

export function comparisons(runtimes: Runtimes, isQuick: boolean): Measured[] {
  const main = [24, 26, 20].find((major) => runtimes.nodes.has(major))
  if (main === undefined) throw new Error(`there is no Node of ${majors.join(', ')}`)
  const by = new By(runtimes, main, isQuick)
  return [by.echo(), by.http(), by.redis(), ...by.connections(), ...by.sizes(), ...by.threads()]
}

class By {
  readonly #runtimes: Runtimes
  readonly #main: number
  readonly #isQuick: boolean

  constructor(runtimes: Runtimes, main: number, isQuick: boolean) {
    this.#runtimes = runtimes
    this.#main = main
    this.#isQuick = isQuick
  }

  #node(major: number): string {
    return this.#runtimes.nodes.get(major)?.command ?? ''
  }

  /** All versions of Node, or the one that the others are compared on. */
  get #majors(): number[] {
    const found = majors.filter((major) => this.#runtimes.nodes.has(major))
    return this.#isQuick ? [this.#main] : found
  }

  #program(major: number, path: string, ...args: string[]): Command {
    return { command: [this.#node(major), compiled(`${path}.js`), ...args] }
  }

  #nodeNet(major: number): Server {
    return { name: net(major), command: this.#program(major, 'servers/net') }
  }

  #mioNet(major: number): Server {
    const command = this.#program(major, 'net/servers/echo', 'mio-js/net')
    return { name: `mio-js/net, Node ${major}`, command, against: net(major) }
  }

  #engine(major: number, io: string, threads = 1): Server {
    const name = threads === 1 ? io : `${threads} threads`
    return {
      name: `mio-js/engine, ${name}, Node ${major}`,
      command: this.#program(major, 'servers/engine', io, String(threads)),
      against: net(major),
    }
  }

  /** Echo servers that have nothing to do with Node. */
  #others(): Server[] {
    const { bun, deno, go } = this.#runtimes
    const against = net(this.#main)
    const echo = go?.programs.get('echo')
    return [
      ...(bun === undefined
        ? []
        : [
            {
              name: 'Bun.listen',
              command: { command: [bun.command, 'benchmark/servers/bun.mjs'] },
              against,
            },
          ]),
      ...(deno === undefined
        ? []
        : [
            {
              name: 'Deno.listen',
              command: {
                command: [deno.command, 'run', '--allow-net', 'benchmark/servers/deno.mjs'],
              },
              against,
            },
          ]),
      ...(echo === undefined ? [] : [{ name: 'Go', command: { command: [echo] }, against }]),
      {
        name: 'mio in Rust',
        command: { command: [native('echo'), '127.0.0.1:0', 'short-read'] },
        against,
      },
    ]
  }

  echo(): Measured {
    const servers = [
      ...this.#majors.flatMap((major) => [
        this.#nodeNet(major),
        this.#mioNet(major),
        this.#engine(major, 'auto'),
      ]),
      this.#engine(this.#main, 'inline'),
      this.#engine(this.#main, 'thread'),
      {
        name: `mio-js, Poll, Node ${this.#main}`,
        command: this.#program(this.#main, 'servers/poll', 'async', 'short-read'),
        against: net(this.#main),
      },
      ...this.#others(),
    ]
    const connections = this.#isQuick ? 20 : 200
    return made('echo', {
      title: `Echo: ${connections} connections × 64 B`,
      unit: 'message',
      client: 'the load generator of benchmark/native',
      ours: `mio-js/engine, auto, Node ${this.#main}`,
      servers,
      measure: under({ program: 'load', connections, size: 64 }),
    })
  }

  http(): Measured {
    const { bun, deno, go } = this.#runtimes
    const against = http(this.#main)
    const preloaded: Command = {
      command: [
        this.#node(this.#main),
        '--import',
        'mio-js/register',
        compiled('http/servers/hello.js'),
        'node:http',
      ],
    }
    const hello = go?.programs.get('hello')
    const servers: Server[] = [
      ...this.#majors.flatMap((major): Server[] => [
        { name: http(major), command: this.#program(major, 'http/servers/hello', 'node:http') },
        {
          name: `mio-js/http, Node ${major}`,
          command: this.#program(major, 'http/servers/hello', 'mio-js/http'),
          against: http(major),
        },
      ]),
      ...(this.#isQuick
        ? []
        : [
            { name: `mio-js/register, Node ${this.#main}`, command: preloaded, against },
            ...(bun === undefined
              ? []
              : [
                  {
                    name: 'Bun.serve',
                    command: { command: [bun.command, 'benchmark/http/servers/bun.mjs'] },
                    against,
                  },
                ]),
            ...(deno === undefined
              ? []
              : [
                  {
                    name: 'Deno.serve',
                    command: {
                      command: [
                        deno.command,
                        'run',
                        '--allow-net',
                        'benchmark/http/servers/deno.mjs',
                      ],
                    },
                    against,
                  },
                ]),
            ...(hello === undefined
              ? []
              : [{ name: 'Go, net/http', command: { command: [hello] }, against }]),
          ]),
    ]
    return made('http', {
      title: 'HTTP: hello, 64 keep-alive connections',
      unit: 'request',
      client: 'wrk',
      ours: `mio-js/http, Node ${this.#main}`,
      missing: wrkVersion() === null ? 'there is no wrk' : undefined,
      servers,
      measure: (command, settings) => underWrk(command, 'http', settings),
    })
  }

  redis(): Measured {
    const main = this.#main
    const env = { PORT: '0' }
    const server = (path: string): Command => ({ command: [this.#node(main), compiled(path)], env })
    const servers: Server[] = [
      { name: net(main), command: this.#program(main, 'servers/redis-net') },
      {
        name: `mio-js/engine, auto, Node ${main}`,
        command: server('../examples/redis-server.js'),
        against: net(main),
      },
      {
        name: `mio-js, Poll, Node ${main}`,
        command: server('../examples/redis-server-poll.js'),
        against: net(main),
      },
    ]
    return made('redis', {
      title: 'Redis: the example, 50 connections × 16 commands at a time, GET and SET',
      unit: 'command',
      client: 'redis-benchmark',
      missing:
        versionOf('redis-benchmark', '--version') === null
          ? 'there is no redis-benchmark'
          : undefined,
      servers: this.#isQuick ? servers.slice(0, 2) : servers,
      measure: underRedisBenchmark,
    })
  }

  /** Those whose cost is looked at as something grows. */
  #growing(): Server[] {
    const main = this.#main
    const few = [this.#nodeNet(main), this.#engine(main, 'thread')]
    if (this.#isQuick) return few
    const compared = new Set(['Go', 'mio in Rust'])
    return [
      ...few,
      this.#engine(main, 'inline'),
      this.#mioNet(main),
      ...this.#others().filter(({ name }) => compared.has(name)),
    ]
  }

  connections(): Measured[] {
    const counts = this.#isQuick ? [1, 20] : [1, 10, 100, 1000, affordable(10_000)]
    return counts.map((connections) =>
      made('connections', {
        x: connections,
        title: `Echo: ${counted(connections, 'connection')} × 64 B`,
        unit: 'message',
        client: 'the load generator of benchmark/native',
        servers: this.#growing(),
        measure: under({ program: 'load', connections, size: 64 }),
      }),
    )
  }

  sizes(): Measured[] {
    const sizes = this.#isQuick ? [64, 16_384] : [64, 1024, 4096, 16_384, 65_536]
    return sizes.map((size) =>
      made('size', {
        x: size,
        title: `Echo: 50 connections × ${size.toLocaleString('en')} B`,
        unit: 'message',
        client: 'the load generator of benchmark/native',
        servers: this.#growing(),
        measure: under({ program: 'load', connections: 50, size }),
      }),
    )
  }

  threads(): Measured[] {
    const counts = this.#isQuick ? [1, 2] : [1, 2, 4, 8]
    const connections = this.#isQuick ? 20 : 200
    const main = this.#main
    return counts.map((count) => {
      const { command } = this.#engine(main, 'thread', count)
      return made('threads', {
        x: count,
        title: `Echo: ${connections} connections × 64 B, ${counted(count, 'I/O thread')}`,
        unit: 'message',
        client: 'the load generator of benchmark/native',
        servers: [
          this.#nodeNet(main),
          { name: `mio-js/engine, Node ${main}`, command, against: net(main) },
        ],
        measure: under({ program: 'load', connections, size: 64 }),
      })
    })
  }
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

function made(
  family: Family,
  {
    servers,
    ...rest
  }: Omit<Measured, 'family' | 'servers' | 'commands'> & { readonly servers: readonly Server[] },
): Measured {
  return {
    ...rest,
    family,
    servers: servers.map(({ against, name }) => ({ name, against })),
    commands: new Map(servers.map(({ command, name }) => [name, command])),
  }
}
