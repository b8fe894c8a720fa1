/** Names, and several addresses for one: lookup and autoSelectFamily. */
import type { LookupFunction, NetConnectOpts, Socket } from 'node:net'
import dns from 'node:dns'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { stateOf } from '../support/net-log.js'
import type { World } from '../support/net-world.js'

type Answer = (error: unknown, address?: unknown, family?: unknown) => void

/** The names of hints, which have other numbers in other runtimes. */
function hinted({ hints, ...options }: { hints?: number }): object {
  if (hints === undefined) return options
  const names = (['ADDRCONFIG', 'ALL', 'V4MAPPED'] as const).filter((name) => hints & dns[name])
  return { ...options, hints: names }
}

/** A lookup that answers this, and notes what it was asked. */
function answering(world: World, ...answer: Parameters<Answer>): LookupFunction {
  const lookup = (host: string, options: object, callback: Answer): void => {
    world.log.add('lookup', host, hinted(options))
    globalThis.setImmediate(() => callback(...answer))
  }
  return lookup as unknown as LookupFunction
}

/** Connects by a name, and says what comes of it. */
async function attempt(world: World, options: object): Promise<void> {
  let client: Socket
  try {
    client = world.connect({ host: 'name.invalid', ...options } as NetConnectOpts)
  } catch (error) {
    world.log.add('client', 'throws', error)
    return
  }
  world.log.watch('client', client)
  world.log.add('client', 'state', stateOf(client))
  client.on('connect', () => {
    client.end()
  })
  await world.closed(client)
  world.log.add('client', 'attempted', client.autoSelectFamilyAttemptedAddresses)
}

async function sink(world: World): Promise<number> {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  return world.port(server)
}

for (const family of [undefined, 0, 4, 6, 'IPv4', 'IPv6']) {
  for (const autoSelectFamily of [true, false]) {
    same(
      `what a lookup is asked with family ${family} and autoSelectFamily ${autoSelectFamily}`,
      async (world) => {
        const port = await sink(world)
        const lookup = answering(world, new Error('no such name'))
        await attempt(world, { port, lookup, family, autoSelectFamily })
        await attempt(world, { port, lookup, family, autoSelectFamily, hints: dns.V4MAPPED })
      },
    )
  }
}

const one: [string, unknown, unknown?][] = [
  ['an address', '127.0.0.1', 4],
  ['an address of no family', '127.0.0.1', undefined],
  ['an address of the wrong family', '127.0.0.1', 6],
  ['a family that is none', '127.0.0.1', 5],
  ['a family as text', '127.0.0.1', 'IPv4'],
  ['a name', 'localhost', 4],
  ['nothing', undefined, undefined],
  ['a number', 5, 4],
  ['null', null, null],
]

for (const [title, ...answer] of one) {
  same(`a lookup for one address answers ${title}`, async (world) => {
    const port = await sink(world)
    const lookup = answering(world, null, ...answer)
    await attempt(world, { port, lookup, autoSelectFamily: false })
  })
}

const local = { address: '127.0.0.1', family: 4 }

const several: Record<string, unknown> = {
  'one address': [local],
  'the same one twice': [local, local],
  'IPv6 first': [{ address: '::1', family: 6 }, local],
  'IPv4 first': [local, { address: '::1', family: 6 }],
  'two that refuse, then one': [
    { address: '127.0.0.2', family: 4 },
    { address: '::1', family: 6 },
    local,
  ],
  'an address that is none, then one': [{ address: 'nowhere', family: 4 }, local],
  'a family that is none': [{ address: '127.0.0.1', family: 5 }],
  'a name': [{ address: 'localhost', family: 4 }],
  'families as text': [{ address: '127.0.0.1', family: 'IPv4' }],
}

for (const [title, addresses] of Object.entries(several)) {
  same(`a lookup for all addresses answers ${title}`, async (world) => {
    const port = await sink(world)
    await attempt(world, {
      port,
      lookup: answering(world, null, addresses),
      autoSelectFamily: true,
    })
  })

  same(`a lookup answers ${title}, and nobody listens`, async (world) => {
    const port = await world.deadPort()
    await attempt(world, {
      port,
      lookup: answering(world, null, addresses),
      autoSelectFamily: true,
    })
  })
}

same('a lookup that calls back at once', async (world) => {
  const port = await sink(world)
  const lookup = (_host: string, _options: unknown, callback: Answer): void => {
    callback(null, '127.0.0.1', 4)
  }
  await attempt(world, { port, lookup, autoSelectFamily: false })
  const all = (_host: string, _options: unknown, callback: Answer): void => {
    callback(null, [local])
  }
  await attempt(world, { port, lookup: all })
  const fails = (_host: string, _options: unknown, callback: Answer): void => {
    callback(new Error('no such name'))
  }
  await attempt(world, { port, lookup: fails })
})

same('a lookup that is no function is refused', async (world) => {
  for (const lookup of [5, {}, 'lookup', true, null]) {
    await attempt(world, { port: 1, host: 'localhost', family: 4, lookup: lookup as never })
  }
})

same(
  'a lookup that throws',
  async (world) => {
    await attempt(world, {
      port: 1,
      lookup: () => {
        throw new Error('mine')
      },
    })
  },
  { side: 'client' },
)

same('a socket that is destroyed while it looks up connects to nobody', async (world) => {
  const server = await world.listen()
  server.on('connection', () => world.log.add('server', 'connection'))
  for (const autoSelectFamily of [true, false]) {
    let answer!: Answer
    const asked = new Promise<void>((resolve) => {
      const lookup = (_host: string, _options: unknown, callback: Answer): void => {
        answer = callback
        resolve()
      }
      const options = { port: world.port(server), host: 'name.invalid', lookup, autoSelectFamily }
      const client = world.connect(options)
      world.log.watch('client', client)
      client.destroy()
    })
    await asked
    await setImmediate()
    if (autoSelectFamily) answer(null, [local])
    else answer(null, '127.0.0.1', 4)
    for (let turn = 0; turn < 10; turn += 1) await setImmediate()
  }
})

same('a socket that is destroyed in its lookup listener connects to nobody', async (world) => {
  const port = await sink(world)
  const client = world.connect({
    port,
    host: 'name.invalid',
    lookup: answering(world, null, [local, local]),
  } as never)
  client.once('lookup', () => client.destroy())
  world.log.watch('client', client)
  await world.closed(client)
})

same('an address needs no lookup', async (world) => {
  const port = await sink(world)
  await attempt(world, { port, host: '127.0.0.1', lookup: answering(world, new Error('asked')) })
})

same('localhost is found by the system', async (world) => {
  const port = await sink(world)
  await attempt(world, { port, host: 'localhost', family: 4 })
  await attempt(world, { port, host: 'LOCALHOST', family: 4 })
})

same('a local address or port, and several addresses', async (world) => {
  const port = await sink(world)
  const lookup = answering(world, null, '127.0.0.1', 4)
  await attempt(world, { port, lookup, localAddress: '127.0.0.1' })
})

const wrong: [option: string, values: unknown[]][] = [
  ['autoSelectFamily', [5, 'yes', {}, null]],
  ['autoSelectFamilyAttemptTimeout', [0, -1, 1.5, '5', {}, null, 5, 2 ** 31]],
  ['family', [5, 'IPv5', {}, null, -1]],
  ['hints', [-1, 'none', 2 ** 20]],
]

for (const [option, values] of wrong) {
  same(
    `${option} that are none are refused`,
    async (world) => {
      for (const value of values) {
        const port = await world.deadPort()
        await attempt(world, { port, host: 'localhost', [option]: value })
      }
    },
    { side: 'client' },
  )
}

same(
  'the defaults of autoSelectFamily can be set',
  async (world) => {
    const { client: net } = world
    const before = [
      net.getDefaultAutoSelectFamily(),
      net.getDefaultAutoSelectFamilyAttemptTimeout(),
    ]
    const seen: unknown[] = []
    try {
      net.setDefaultAutoSelectFamily(!before[0])
      net.setDefaultAutoSelectFamilyAttemptTimeout(5)
      seen.push(net.getDefaultAutoSelectFamily(), net.getDefaultAutoSelectFamilyAttemptTimeout())
      await attempt(world, { port: 1, lookup: answering(world, new Error('no such name')) })
      for (const value of [5, 'x', null, undefined]) {
        try {
          net.setDefaultAutoSelectFamily(value as never)
        } catch (error) {
          seen.push(error)
        }
      }
      for (const value of [0, -1, 1.5, 'x', null, undefined, 2 ** 31]) {
        try {
          net.setDefaultAutoSelectFamilyAttemptTimeout(value as never)
        } catch (error) {
          seen.push(error)
        }
      }
    } finally {
      net.setDefaultAutoSelectFamily(before[0] as boolean)
      net.setDefaultAutoSelectFamilyAttemptTimeout(before[1] as number)
    }
    return seen
  },
  { side: 'client' },
)

same('a server at a name that is looked up', async (world) => {
  const server = world.createServer()
  server.listen({ port: 0, host: 'localhost' })
  await once(server, 'listening')
  await attempt(world, { port: world.port(server), host: 'localhost' })
})
