/** The vocabulary of the specs of a network that fails: a fault is played once, for all doors. */
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { type DoorName, doorNames } from './doors/index.js'
import type { Books, Load } from './doors/traffic.js'
import { type Hosts, Hosts as AllHosts, whyNoHosts } from './hosts.js'
import { isComplete } from './platforms.js'

/** Whether less is tried, in less time. */
export const isBounded = process.env['MIO_JS_BOUNDED'] === '1'

const reason = whyNoHosts()
// In CI nothing is skipped: there, whoever cannot make the hosts sees the tests fail.
const isTried = reason === undefined || isComplete
let hosts: Hosts | undefined

if (isTried) {
  test.before('makes two hosts', async (t) => {
    hosts = await AllHosts.make()
    t.pass()
  })
  test.after.always('the programs of the hosts end by themselves', async (t) => {
    if (hosts === undefined) t.pass()
    else t.deepEqual(await hosts.end(), [0, 0])
  })
}

type ByDoor<T> = Partial<Record<DoorName, T>>

/** A fault that was played: what it gave for each door, or how it failed. */
export function underEachDoor<T>(
  title: string,
  play: (hosts: Hosts, names: readonly DoorName[]) => Promise<ByDoor<T>>,
  check: (t: ExecutionContext, outcome: T, name: DoorName) => void,
  names: readonly DoorName[] = doorNames,
): void {
  let played: Promise<ByDoor<T>> | undefined
  for (const name of names) {
    if (!isTried) {
      test.skip(`${name}: ${title} (${reason})`, () => {})
      continue
    }
    test(`${name}: ${title}`, async (t) => {
      played ??= clean(async () => play(hosts!, names))
      const outcome = (await played)[name]
      if (outcome === undefined) t.fail('nothing is known of it')
      else check(t, outcome, name)
    })
  }
}

/** A test on both hosts that is about no door, or about several at once. */
export function onHosts(
  title: string,
  body: (t: ExecutionContext, hosts: Hosts) => Promise<void>,
): void {
  if (isTried) {
    test(title, async (t) => {
      await clean(async () => body(t, hosts!))
    })
  } else test.skip(`${title} (${reason})`, () => {})
}

/** Plays a fault, takes it back, and sees that nothing is left in the programs. */
async function clean<T>(play: () => Promise<T>): Promise<T> {
  try {
    return await play()
  } finally {
    await hosts!.heal()
    await hosts!.near.program.ask('clear')
    await hosts!.far.program.ask('clear')
  }
}

/** The same for each of the doors, at the same time. */
export async function forEachDoor<T>(
  names: readonly DoorName[],
  operation: (name: DoorName) => Promise<T>,
): Promise<ByDoor<T>> {
  const entries = names.map(async (name) => [name, await operation(name)] as const)
  return Object.fromEntries(await Promise.all(entries)) as ByDoor<T>
}

/** Streams from one host to the other, which begin at once; both ends have the same patience. */
export async function startTraffic(
  { near, far }: Hosts,
  name: DoorName,
  load: Load,
  host = far.address,
): Promise<void> {
  const port = await far.program.ask('echo', name, host, load.patience)
  await near.program.ask('begin', name, { host, port }, load)
}

/** Waits until each stream has got so many bytes back. */
export async function flows({ near }: Hosts, name: DoorName, bytes = 1): Promise<void> {
  await untilSlowly(`${bytes} bytes of each stream come back by ${name}`, async () => {
    const { slowest } = await near.program.ask('progress', name)
    return slowest >= bytes
  })
}

/** Waits until all is over, and returns what both ends say. */
export async function books({ near, far }: Hosts, name: DoorName): Promise<Books> {
  const look = async (): Promise<Books> => ({
    client: await near.program.ask('accounts', name),
    server: await far.program.ask('accounts', name),
  })
  await untilSlowly(`all streams by ${name} are closed`, async () => {
    const [{ open }, there] = await Promise.all([
      near.program.ask('progress', name),
      far.program.ask('open', name),
    ])
    return open === 0 && there === 0
  }).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await look())}`, { cause: error })
  })
  return look()
}

/** Milliseconds: long for anything that TCP does in such a network. */
const deadline = 30_000

/** As `until`, for what takes a network that fails longer, and without asking all the time. */
export async function untilSlowly(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + deadline
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`timed out: ${what}`)
    await setTimeout(20)
  }
}
