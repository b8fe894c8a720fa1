/**
 * A registry on loopback that knows no other: prints its port when it listens, and ends when its
 * standard input does.
 *
 * arguments: the folder of modules with verdaccio, the folder for its data
 */
import { createRequire } from 'node:module'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const [modules = '', data = ''] = process.argv.slice(2)
const require = createRequire(join(modules, 'package.json'))
const { runServer } = require('verdaccio') as { runServer(config: object): Promise<Server> }

const anybody = { access: '$all', publish: '$authenticated', unpublish: '$authenticated' }
const server = await runServer({
  storage: join(data, 'storage'),
  self_path: data,
  configPath: join(data, 'config.yaml'),
  auth: { htpasswd: { file: join(data, 'htpasswd') } },
  // Whatever is not published here cannot be had.
  uplinks: {},
  packages: { '**': anybody },
  log: { type: 'stdout', format: 'json', level: 'fatal' },
  web: { enable: false },
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.stdin.resume().once('end', () => process.exit())
