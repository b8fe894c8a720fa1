/** Servers at paths: where there is a file, with which rights, and names that the system does not take. */
import { once } from 'node:events'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import type { ListenOptions } from 'node:net'
import '../support/census.js'
import { same } from '../support/net.js'
import { attempt } from '../support/net-listen.js'
import type { World } from '../support/net-world.js'
import { linuxSince, unix } from '../support/platforms.js'
import { longest } from '../support/unix.js'

const linux22 = linuxSince(22, 'fills a path up with null bytes')
const linux24 = linuxSince(24, 'cuts paths that are too long')

const paths: Record<string, (world: World) => unknown[]> = {
  'listen(path)': (world) => [world.path()],
  'listen(path, listener)': (world) => [world.path(), world.log.called('server', 'listener')],
  'listen(path, backlog, listener)': (world) => [
    world.path(),
    5,
    world.log.called('server', 'listener'),
  ],
  'listen({ path })': (world) => [{ path: world.path() }],
  'listen({ path, backlog })': (world) => [{ path: world.path(), backlog: 5 }],
  'no such directory': (world) => [world.path('no/directory')],
  'a directory': (world) => [world.path('.')],
}

for (const [title, form] of Object.entries(paths)) {
  same(`path: ${title}`, async (world) => attempt(world, ...form(world)), {
    run: unix,
    side: 'server',
  })
}

same(
  'a path where a file, or a socket of somebody else is, stays what it was',
  async (world) => {
    const [file, used] = [world.path('file'), world.path('used')]
    writeFileSync(file, 'text')
    await world.listen({}, { path: used })
    await attempt(world, file)
    await attempt(world, used)
    return [statSync(file).size, existsSync(used)]
  },
  { run: unix, side: 'server' },
)

same(
  'the file of a socket is gone when its server is closed',
  async (world) => {
    const path = world.path()
    const server = await world.listen({}, { path })
    const before = existsSync(path)
    server.close()
    await once(server, 'close')
    return [before, existsSync(path), server.address(), server.listening]
  },
  { run: unix, side: 'server' },
)

for (const [readableAll, writableAll] of [
  [true, false],
  [false, true],
  [true, true],
] as const) {
  same(
    `readableAll ${readableAll} and writableAll ${writableAll} are rights of the file`,
    async (world) => {
      const path = world.path()
      await world.listen({}, { path, readableAll, writableAll } as ListenOptions)
      // Versions of Node differ in what else they allow.
      const wanted = (readableAll ? 0o444 : 0) | (writableAll ? 0o222 : 0)
      return (statSync(path).mode & wanted) === wanted
    },
    { run: unix, side: 'server' },
  )
}

same(
  'a path that is as long as can be',
  async (world) => {
    const directory = world.path('')
    for (const length of [100, 103, longest]) {
      const path = `${directory}${'x'.repeat(length - directory.length)}`
      world.log.mask(path, `${length} characters`)
      await attempt(world, path)
    }
  },
  { run: unix, side: 'server' },
)

same(
  'a path that is too long, of characters beyond ASCII as well',
  async (world) => {
    const directory = world.path('')
    for (const [count, letter] of [
      [120, 'x'],
      [200, 'x'],
      [60, 'ä'],
    ] as const) {
      const path = `${directory}${letter.repeat(count)}`
      world.log.mask(path, `${count} times ${letter}`)
      await attempt(world, path)
      world.log.add('server', 'file', existsSync(path))
    }
  },
  { run: linux24, side: 'server' },
)

same(
  'a path with characters beyond ASCII',
  async (world) => {
    const path = world.path('äöü€')
    await attempt(world, path)
  },
  { run: unix, side: 'server' },
)

same(
  'an abstract path has no file, and no rights',
  async (world) => {
    const name = `mio-js ${process.pid} ${Math.random()}`
    const path = `\0${name}`
    world.log.mask(name, '<abstract>')
    await attempt(world, path)
    await attempt(world, { path: `${path} 2`, readableAll: true })
  },
  { run: linux22, side: 'server' },
)

same(
  'a path with a null byte inside',
  async (world) => {
    await attempt(world, `${world.path()}\0hidden`)
  },
  { run: linux22, side: 'server' },
)
