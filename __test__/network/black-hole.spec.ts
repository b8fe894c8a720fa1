import type { ExecutionContext } from 'ava'
import {
  books,
  flows,
  forEachDoor,
  onHosts,
  startTraffic,
  underEachDoor,
  untilSlowly,
} from '../support/fault.js'
import '../support/census.js'
import type { Ending } from '../support/black-hole.js'
import { type DoorName, type Patience, doorNames } from '../support/doors/index.js'
import type { Account } from '../support/doors/ledger.js'
import { type Books, cameInPart, cameWhole } from '../support/doors/traffic.js'
import type { Hosts } from '../support/hosts.js'

/** Both ends of all streams closed by this, when this long nothing had moved. */
function closedBy(
  t: ExecutionContext,
  { client, server }: Books,
  code: RegExp,
  [from, to]: readonly [number, number],
): void {
  for (const account of [...client, ...server]) {
    t.regex(account.code ?? 'no error', code)
    t.true(account.silence > from && account.silence < to, `after ${account.silence} ms`)
  }
}

/** The part of a processor that the programs use while they wait for nothing. */
async function busy({ near, far }: Hosts): Promise<number> {
  return Math.max(
    ...(await Promise.all([near, far].map(({ program }) => program.ask('busy', 500)))),
  )
}

interface Waited extends Books {
  readonly busy: number
}

underEachDoor(
  'nobody spins while nothing comes through, and userTimeout ends what is not acknowledged',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    const patience = {
      userTimeout: 2_500,
      keepAlive: { delay: 1_000, interval: 1_000, count: 2 },
    }
    await forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 3, length: Infinity, patience })
      await flows(hosts, name)
    })
    await hosts.swallow()
    // What was on its way is worked on first.
    let part = 1
    await untilSlowly('they are quiet', async () => (part = await busy(hosts)) < 0.1)
    return forEachDoor(names, async (name) => ({ ...(await books(hosts, name)), busy: part }))
  },
  (t, { busy: part, ...ends }: Waited) => {
    cameInPart(t, ends)
    closedBy(t, ends, /^ETIMEDOUT$/, [1_500, 20_000])
    t.true(part < 0.1)
  },
)

underEachDoor(
  'streams go on when nothing came through for a second',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    await forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 3, length: Infinity })
      await flows(hosts, name)
    })
    await hosts.swallow()
    await hosts.near.program.ask('busy', 1_000)
    await hosts.heal()
    return forEachDoor(names, async (name) => {
      const { slowest } = await hosts.near.program.ask('progress', name)
      await flows(hosts, name, slowest + 20_000)
      await hosts.near.program.ask('stop', name)
      return books(hosts, name)
    })
  },
  cameWhole,
)

/** Streams that say nothing any more when the network fails. */
async function silent(
  hosts: Hosts,
  names: readonly DoorName[],
  patience: Patience,
): Promise<Partial<Record<DoorName, Books>>> {
  await forEachDoor(names, async (name) => {
    await startTraffic(hosts, name, { count: 3, length: 5_000, stays: true, patience })
    await flows(hosts, name, 5_000)
  })
  await hosts.swallow()
  return forEachDoor(names, async (name) => books(hosts, name))
}

underEachDoor(
  'keepAlive finds that nobody is there any more',
  async (hosts, names) =>
    silent(hosts, names, { keepAlive: { delay: 1_000, interval: 1_000, count: 2 } }),
  (t, ends) => {
    cameInPart(t, ends)
    closedBy(t, ends, /^ETIMEDOUT$/, [2_500, 20_000])
  },
)

underEachDoor(
  'an idle timeout ends what nothing comes through',
  async (hosts, names) => silent(hosts, names, { idleTimeout: 1_000 }),
  (t, ends) => {
    cameInPart(t, ends)
    closedBy(t, ends, /^ERR_IDLE_TIMEOUT$/, [900, 15_000])
  },
  doorNames.filter((name) => name !== 'mirror'),
)

underEachDoor(
  'a connect that nobody answers is ETIMEDOUT when the system gives up',
  async (hosts, names) => {
    const { near, far } = hosts
    // It tries once more, a second later, and waits for another one or two.
    await near.run('echo 1 > /proc/sys/net/ipv4/tcp_syn_retries')
    await hosts.swallow()
    return forEachDoor(names, async (name) => {
      await near.program.ask(
        'begin',
        name,
        { host: far.address, port: 4711 },
        { count: 2, length: 1 },
      )
      await untilSlowly(
        'both fail',
        async () => (await near.program.ask('progress', name)).open === 0,
      )
      return near.program.ask('accounts', name)
    })
  },
  (t, accounts: Account[]) => {
    for (const account of accounts) {
      t.like(account, {
        opens: 0,
        closes: 1,
        violations: [],
        code: 'ETIMEDOUT',
        syscall: 'connect',
        address: '10.77.0.2',
        port: 4711,
      })
      t.true(account.silence > 1_500)
    }
  },
)

/** At least as long as was asked for, and not much longer. */
function inTime(t: ExecutionContext, { after }: Ending, wanted: number, name: string): void {
  t.true(after >= wanted - 50 && after < wanted + 4_000, `${name}: after ${after} ms`)
}

onHosts('connects give up after the time that a program says', async (t, hosts) => {
  await hosts.swallow()
  const { near, far } = hosts
  const endings = await near.program.ask('attempts', { host: far.address, port: 4711 })
  const told = Object.entries(endings).map(([name, ending]) => [name, ending.told])
  t.deepEqual(Object.fromEntries(told), {
    timeout: 'ETIMEDOUT',
    signal: 'ABORT_ERR',
    'net: setTimeout': 'timeout',
    'http: timeout': 'timeout, ECONNRESET',
  })
  for (const [name, ending] of Object.entries(endings)) inTime(t, ending, 700, name)
})

onHosts(
  'a connect goes on with the next address when the first does not answer',
  async (t, hosts) => {
    const { near, far } = hosts
    await far.treat('meta nfproto ipv4 drop')
    const port = await far.program.ask('echo', 'net', '::')
    const ending = await near.program.ask('nextAddress', far.address, far.address6, port)
    t.is(ending.told, far.address6)
    // As long as `autoSelectFamilyAttemptTimeout` is.
    inTime(t, ending, 250, 'the second')
  },
)

onHosts('every way to end comes to an end when nothing comes through', async (t, hosts) => {
  const { near, far } = hosts
  const port = await far.program.ask('echo', 'inline', far.address, { idleTimeout: 2_000 })
  await near.program.ask('prepareFarewells', { host: far.address, port })
  await hosts.swallow()
  const endings = await near.program.ask('farewells')
  const told = Object.entries(endings).map(([name, ending]) => [name, ending.told])
  t.deepEqual(Object.fromEntries(told), {
    'close, with bytes left': 'ETIMEDOUT',
    'close, with all sent': 'closed',
    'end, with an idleTimeout': 'ERR_IDLE_TIMEOUT',
    terminate: 'closed',
    destroy: 'closed',
    'detach, with an idleTimeout': 'ERR_IDLE_TIMEOUT',
    'net: destroy': 'closed',
    'net: resetAndDestroy': 'closed',
    'net: setTimeout': 'timeout',
  })
  const at = (name: string): Ending => endings[name]!
  for (const name of [
    'close, with bytes left',
    'close, with all sent',
    'end, with an idleTimeout',
    'detach, with an idleTimeout',
    'net: setTimeout',
  ]) {
    inTime(t, at(name), 700, name)
  }
  // What was called back waits for 5 s to be sent.
  inTime(t, at('net: destroy'), 5_000, 'net: destroy')
  for (const name of ['terminate', 'destroy', 'net: resetAndDestroy']) {
    t.true(at(name).after < 700, `${name}: after ${at(name).after} ms`)
  }
  await untilSlowly(
    'the other ends are closed',
    async () => (await far.program.ask('open', 'inline')) === 0,
  )
})
