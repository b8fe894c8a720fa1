/**
 * Two hosts and a cable between them, in network namespaces of their own, where the network can be
 * made to fail: nothing of the machine's is touched, and all is gone with the processes that hold it.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { NetworkEnd } from '../programs/network-end.js'
import { Remote } from './remote.js'

/** Long for any command. */
const timeout = 10_000

/** The system's tools, before packages that have the same names (`nft`). */
const env = {
  ...process.env,
  PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH']}`,
}

/** A namespace lives as long as this process does, and that as long as its input is open. */
const hold = ['sh', '-c', 'echo $$; exec cat']

class Holder {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(command: readonly string[]): Promise<Holder> {
    const [name, ...args] = command as [string, ...string[]]
    const child = spawn(name, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout! })
    await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${command.join(' ')} failed`))),
    ])
    lines.close()
    return new Holder(child)
  }

  get pid(): string {
    return String(this.#child.pid)
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.stdin!.end()
    await exited
  }
}

export class Host {
  readonly #holder: Holder
  readonly #prefix: readonly string[]
  readonly device: string
  readonly address: string
  readonly address6: string
  program!: Remote<NetworkEnd>

  constructor(holder: Holder, device: string, number: number) {
    this.#holder = holder
    this.#prefix = ['nsenter', '--target', holder.pid, '--user', '--net', '--preserve-credentials']
    this.device = device
    this.address = `10.77.0.${number}`
    this.address6 = `fd77::${number}`
  }

  /** Runs commands of the shell there. */
  async run(...commands: readonly string[]): Promise<string> {
    const [command, ...args] = [...this.#prefix, 'sh', '-c', commands.join(' && ')]
    const { stdout } = await promisify(execFile)(command!, args, { env, timeout })
    return stdout
  }

  /** Treats what arrives from the other host by a rule of nftables. */
  async treat(rule: string): Promise<void> {
    const chain = `type filter hook input priority 0; iifname ${this.device} ${rule};`
    await this.run(`nft 'table inet fault { chain arriving { ${chain} }; }'`)
  }

  start(): void {
    this.program = new Remote('network-end', { prefix: this.#prefix })
  }

  async end(): Promise<number | string> {
    const outcome = await this.program.end()
    await this.#holder.end()
    return outcome
  }
}

export class Hosts {
  private constructor(
    /** Where the streams come from. */
    readonly near: Host,
    /** Where the echoes are. */
    readonly far: Host,
  ) {}

  static async make(): Promise<Hosts> {
    const first = await Holder.start(['unshare', '--map-root-user', '--net', ...hold])
    // In the same user namespace, whose root may give a device from one to the other.
    const inside = ['nsenter', '--target', first.pid, '--user', '--preserve-credentials']
    const second = await Holder.start([...inside, 'unshare', '--net', ...hold])
    const near = new Host(first, 'near', 1)
    const far = new Host(second, 'far', 2)
    await near.run(
      'ip link add near type veth peer name far',
      `ip link set far netns ${second.pid}`,
    )
    for (const host of [near, far]) {
      await host.run(
        'ip link set lo up',
        `ip address add ${host.address}/24 dev ${host.device}`,
        `ip address add ${host.address6}/64 dev ${host.device} nodad`,
        // Each segment is lost or not by itself, and is not put together before.
        `ip link set ${host.device} up gso_max_segs 1`,
        // In every kernel, and with the behaviour that everybody knows.
        'echo reno > /proc/sys/net/ipv4/tcp_congestion_control',
        // Every packet that is refused is answered.
        'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit',
        // What a device forgets when it is down.
        `echo 1 > /proc/sys/net/ipv6/conf/${host.device}/keep_addr_on_down`,
      )
      host.start()
    }
    return new Hosts(near, far)
  }

  /** Loses a part of all packets, by chance. */
  async lose(percent: number): Promise<void> {
    const rule = `numgen random mod 1000 < ${percent * 10} counter drop`
    await Promise.all([this.near.treat(rule), this.far.treat(rule)])
  }

  /** Loses all packets, and tells nobody. */
  async swallow(): Promise<void> {
    await Promise.all([this.near.treat('counter drop'), this.far.treat('counter drop')])
  }

  /** Has the far host answer every segment by a reset, as if it knew no connection. */
  async reset(): Promise<void> {
    await this.far.treat('tcp flags & rst == 0 counter reject with tcp reset')
  }

  /** Has the far host answer everything by an ICMP message, `host-unreachable` for example. */
  async refuse(type: string): Promise<void> {
    await this.far.treat(`counter reject with icmpx type ${type}`)
  }

  /** How many packets the rules of both hosts have met. */
  async met(): Promise<number> {
    const lists = [this.near, this.far].map(async (host) => host.run('nft list ruleset'))
    const counters = (await Promise.all(lists)).join('').matchAll(/counter packets (\d+)/g)
    return [...counters].reduce((sum, [, count]) => sum + Number(count), 0)
  }

  /** Lets through so many bits in a second, each way: as `tc` writes it. */
  async limit(rate: string): Promise<void> {
    for (const host of [this.near, this.far]) {
      const bucket = `tbf rate ${rate} burst 16kb latency 200ms`
      await host.run(`tc qdisc replace dev ${host.device} root ${bucket}`)
    }
  }

  /** Pulls the cable out of a host. */
  async unplug(host: Host): Promise<void> {
    await host.run(`ip link set ${host.device} down`)
  }

  async plug(host: Host): Promise<void> {
    await host.run(`ip link set ${host.device} up`)
  }

  /** Takes back every fault. */
  async heal(): Promise<void> {
    for (const host of [this.near, this.far]) {
      await host.run(
        'nft flush ruleset',
        `(tc qdisc delete dev ${host.device} root 2>/dev/null || true)`,
        `ip link set ${host.device} up mtu 1500`,
        'echo 6 > /proc/sys/net/ipv4/tcp_syn_retries',
      )
    }
  }

  async end(): Promise<(number | string)[]> {
    return [await this.far.end(), await this.near.end()]
  }
}

/** Why there can be no such hosts here; undefined if there can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has network namespaces'
  for (const [command, ...args] of [
    ['unshare', '--map-root-user', '--net', 'true'],
    ['nsenter', '--version'],
    ['ip', '-Version'],
    ['tc', '-Version'],
    ['nft', '--version'],
  ] as const) {
    if (spawnSync(command, args, { env }).status !== 0)
      return `${[command, ...args].join(' ')} fails`
  }
  return undefined
}
