/** A server and its clients, each a process, and what both say of themselves each second. */
import type { DoorName } from '../../__test__/support/doors/index.js'
import { Remote } from '../../__test__/support/remote.js'
import { type Holding, holdingOf } from '../../__test__/support/soak/holding.js'
import type { Plan, Progress, SoakClients } from '../../__test__/programs/soak-clients.js'
import type { SoakServer } from '../../__test__/programs/soak-server.js'
import type { Sums } from '../../__test__/support/soak/tally.js'

export interface Sample {
  /** Seconds since all had come. */
  readonly second: number
  readonly server: Holding
  readonly clients: Holding
  /** What did not come in time, and what came that must not, on both ends; since the beginning. */
  readonly missed: number
  readonly asked: number
  readonly gone: number
}

/** What must be true at the end, and is not. */
export type Fault = string

/** Samples between two collections: how much garbage there is would be chance. */
const collecting = 5

export class Pair {
  readonly name: string
  readonly #doors: { readonly server: DoorName; readonly clients: DoorName }
  readonly #server: Remote<SoakServer>
  readonly #clients: Remote<SoakClients>
  #before!: { readonly server: Holding; readonly clients: Holding }
  readonly samples: Sample[] = []

  constructor(name: string, server: DoorName, clients: DoorName, descriptors: number) {
    this.name = name
    this.#doors = { server, clients }
    const prefix = withDescriptors(descriptors)
    const nodeOptions = ['--expose-gc']
    this.#server = new Remote('soak-server', { prefix, nodeOptions })
    this.#clients = new Remote('soak-clients', { prefix, nodeOptions })
  }

  /** Resolves when all that stay have come. */
  async begin(plan: Plan): Promise<void> {
    this.#before = {
      server: await this.#server.ask('holding'),
      clients: await this.#clients.ask('holding'),
    }
    const port = await this.#server.ask('listen', this.#doors.server)
    await this.#clients.ask('begin', this.#doors.clients, { host: '127.0.0.1', port }, plan)
  }

  async sample(second: number): Promise<void> {
    if (this.samples.length % collecting === 0) {
      await Promise.all([this.#server.ask('collect'), this.#clients.ask('collect')])
    }
    const [sums, progress, server, clients] = await Promise.all([
      this.#server.ask('sums'),
      this.#clients.ask('progress'),
      holdingOf(this.#server.pid),
      holdingOf(this.#clients.pid),
    ])
    const missed = progress.missed + progress.violations + sums.violations
    const { asked, gone } = progress
    this.samples.push({ second, server, clients, missed, asked, gone })
  }

  /** Lets all leave, closes both ends, and says what is wrong. */
  async end(): Promise<Fault[]> {
    const faults: Fault[] = []
    await this.#clients.ask('leave').catch((error: Error) => faults.push(error.message))
    const [sums, progress] = await this.#settled()
    faults.push(...this.#compare(sums, progress))
    faults.push(...(await this.#server.ask('examples')))
    faults.push(...(await this.#clients.ask('examples')))
    await this.#clients.ask('close')
    await this.#server.ask('close')
    const { server, clients } = this.#before
    faults.push(...(await leftOver('server', server, async () => this.#server.ask('holding'))))
    faults.push(...(await leftOver('clients', clients, async () => this.#clients.ask('holding'))))
    for (const program of [this.#server, this.#clients]) {
      const code = await program.end()
      if (code !== 0) faults.push(`a process ended with ${code}`)
    }
    return faults.map((fault) => `${this.name}: ${fault}`)
  }

  async kill(): Promise<void> {
    await Promise.all([this.#server.kill(), this.#clients.kill()])
  }

  /** What both have counted, when the server knows of the last close. */
  async #settled(): Promise<[Sums, Progress]> {
    for (let tries = 0; ; tries += 1) {
      const [sums, progress] = await Promise.all([
        this.#server.ask('sums'),
        this.#clients.ask('progress'),
      ])
      if (sums.closed >= progress.opened || tries === 100) return [sums, progress]
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }

  #compare(server: Sums, clients: Progress): Fault[] {
    const { missed, violations } = clients
    const equal: [string, number, number][] = [
      ['connections that were accepted, and made', server.opened, clients.opened],
      ['connections that the server closed, and accepted', server.closed, server.opened],
      ['connections that the clients closed, and made', clients.closed, clients.opened],
      ['bytes that arrived at the server, and were sent', server.received, clients.sent],
      ['bytes that arrived at the clients, and were sent', clients.received, server.sent],
      ['events that were missed, and 0', missed, 0],
      ['events that were wrong, and 0', violations + server.violations, 0],
    ]
    return equal.flatMap(([what, one, other]) =>
      one === other ? [] : [`${what}: ${one} and ${other}`],
    )
  }
}

/** Whether a process has given back what it had taken, within a few seconds. */
async function leftOver(
  end: string,
  before: Holding,
  look: () => Promise<Holding>,
): Promise<Fault[]> {
  let now = await look()
  for (let tries = 0; tries < 50; tries += 1) {
    if (now.descriptors <= before.descriptors && now.threads <= before.threads) return []
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    now = await look()
  }
  return [`left of the ${end}: ${JSON.stringify(now)}; before: ${JSON.stringify(before)}`]
}

/** A command that runs another with so many descriptors; root may have more than the hard limit. */
function withDescriptors(count: number): string[] {
  const raise = [
    `ulimit -S -n ${count} 2>/dev/null`,
    `prlimit --pid $$ --nofile=${count}:${count} 2>/dev/null`,
    `{ echo "${count} descriptors are needed: ulimit -n" >&2; exit 1; }`,
  ]
  return ['sh', '-c', `${raise.join(' || ')}; exec "$@"`, 'sh']
}
