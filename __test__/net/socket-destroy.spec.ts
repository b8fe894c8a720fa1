/** destroy, destroySoon, resetAndDestroy: at both ends, in every state. */
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { stateOf } from '../support/net-log.js'
import { since, unix } from '../support/platforms.js'

const since22 = since(22, 'waits for a connection')

for (const method of ['destroy', 'destroySoon', 'resetAndDestroy'] as const) {
  same(`${method} of a quiet client is an end or a reset at the server`, async (world) => {
    const { accepted, client } = await world.pair()
    const returned = client[method]()
    world.log.add('client', 'state', stateOf(client))
    await world.closed(client, accepted)
    return [returned === client, returned === undefined]
  })

  same(`${method} of a quiet accepted socket`, async (world) => {
    const { accepted, client } = await world.pair()
    accepted[method]()
    world.log.add('server', 'state', stateOf(accepted))
    await world.closed(client, accepted)
  })

  same(`${method} before there is a connection`, async (world) => {
    const server = await world.listen()
    server.on('connection', (socket) => {
      socket.on('error', () => {})
      socket.resume()
    })
    const client = world.connect(world.at(server))
    world.log.watch('client', client)
    client.write('x', world.log.called('client', 'write'))
    client[method]()
    world.log.add('client', 'state', stateOf(client))
    await world.closed(client)
  })

  same(
    `${method} of a socket that was never connected`,
    async (world) => {
      const socket = world.keep(new world.client.Socket())
      world.log.watch('client', socket)
      socket[method]()
      world.log.add('client', 'state', stateOf(socket))
      // A socket that was never connected has no end, so that destroySoon waits for ever.
      if (method === 'destroySoon') await setImmediate()
      else await world.closed(socket)
    },
    { side: 'client', run: method === 'destroySoon' ? since22 : since(20, '') },
  )

  same(`${method} twice, and after close, does nothing more`, async (world) => {
    const { accepted, client } = await world.pair()
    client.destroy()
    client[method]()
    await world.closed(client, accepted)
    client[method]()
    await setImmediate()
  })

  same(`${method} in a connect listener`, async (world) => {
    const server = await world.listen()
    server.on('connection', (socket) => {
      world.log.watch('server', socket)
    })
    const client = world.connect(world.at(server))
    client.once('connect', () => client[method]())
    world.log.watch('client', client)
    await world.closed(client)
    await world.logged('server', 'close')
  })

  same(`${method} in a data listener`, async (world) => {
    const { accepted, client } = await world.pair()
    client.once('data', () => client[method]())
    accepted.write('x')
    await world.closed(client, accepted)
  })

  same(`${method} in an end listener`, async (world) => {
    const { accepted, client } = await world.pair({ client: { allowHalfOpen: true } })
    client.once('end', () => client[method]())
    accepted.end('x')
    await world.closed(client, accepted)
  })

  same(`${method} in the callback of a write`, async (world) => {
    const { accepted, client } = await world.pair({ client: { allowHalfOpen: true } })
    accepted.end()
    await world.logged('client', 'end')
    // Nothing is sent, as Node takes a reset that comes with data for an end.
    client.write('', () => client[method]())
    await world.closed(client, accepted)
  })

  same(`${method} with writes that were not sent`, async (world) => {
    const { accepted, client } = await world.pair({ watch: 'none' })
    world.log.watch('client', client)
    accepted.on('error', () => {})
    accepted.resume()
    client.cork()
    client.write('a', world.log.called('client', 'a'))
    client.write('b', world.log.called('client', 'b'))
    client[method]()
    await world.closed(client, accepted)
    return accepted.bytesRead
  })
}

same('destroy with an error tells it, and close with it', async (world) => {
  const { accepted, client } = await world.pair()
  client.destroy(Object.assign(new TypeError('mine'), { code: 'EMINE' }))
  client.destroy(new Error('too late'))
  await world.closed(client, accepted)
})

same('an error that nobody listens to is thrown', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  client.removeAllListeners('error')
  accepted.resume()
  const thrown = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve)
  })
  try {
    client.destroy(new Error('mine'))
    return await thrown
  } finally {
    process.setUncaughtExceptionCaptureCallback(null)
  }
})

same('destroySoon sends what is queued', async (world) => {
  const { accepted, client } = await world.pair()
  client.cork()
  client.write('queued')
  client.destroySoon()
  await world.closed(client, accepted)
})

same('destroySoon after end, and after everything is sent', async (world) => {
  const { accepted, client } = await world.pair({ server: { allowHalfOpen: true } })
  client.end('x')
  client.destroySoon()
  await world.closed(client)
  await world.logged('server', 'end')
  accepted.end()
  await world.closed(accepted)
})

same('destroySoon of a large write delivers it', async (world) => {
  const { accepted, client } = await world.pair()
  client.write(Buffer.alloc(1 << 20, 'x'))
  client.destroySoon()
  await world.closed(client, accepted)
})

same('received bytes come before the error of a reset', async (world) => {
  const { accepted, client } = await world.pair()
  accepted.write('last words')
  await world.received('client', 10)
  accepted.resetAndDestroy()
  await world.closed(client, accepted)
})

same('a reset of an end that was told already', async (world) => {
  const { accepted, client } = await world.pair({
    server: { allowHalfOpen: true },
    client: { allowHalfOpen: true },
  })
  accepted.end('bye')
  await world.logged('client', 'end')
  accepted.resetAndDestroy()
  await world.closed(accepted)
  client.end()
  await world.closed(client)
})

same('writing to a peer that has closed is an error, once', async (world) => {
  const { accepted, client } = await world.pair({ client: { allowHalfOpen: true } })
  accepted.destroy()
  await world.logged('client', 'end')
  const write = (): void => {
    if (client.destroyed) return
    client.write('x')
    globalThis.setImmediate(write)
  }
  write()
  await world.closed(client)
})

same('a reset while a paused socket has not read', async (world) => {
  const { accepted, client } = await world.pair()
  client.pause()
  accepted.resetAndDestroy()
  await world.closed(client, accepted)
})

same('close with unread input is a reset for the peer', async (world) => {
  const { accepted, client } = await world.pair({ server: { pauseOnConnect: true } })
  await new Promise((resolve) => {
    client.write('nobody reads this', resolve)
  })
  await world.settle()
  accepted.destroy()
  await world.closed(client, accepted)
})

same(
  'resetAndDestroy of a socket of a path is refused',
  async (world) => {
    const { accepted, client } = await world.pair({ isPath: true })
    for (const [name, socket] of [
      ['client', client],
      ['server', accepted],
    ] as const) {
      try {
        socket.resetAndDestroy()
      } catch (error) {
        world.log.add(name, 'throws', error)
      }
    }
    client.end()
    await world.closed(client, accepted)
  },
  { run: unix },
)

same('a destroyed socket can be disposed of again', async (world) => {
  const { accepted, client } = await world.pair()
  const dispose = (client as { [Symbol.asyncDispose]?: () => Promise<void> })[Symbol.asyncDispose]
  const isThere = typeof dispose
  if (dispose !== undefined) await dispose.call(client).catch(() => {})
  client.destroy()
  await world.closed(client, accepted)
  return isThere
})
