import test from 'ava'
import { declare, declareExample } from '../support/scenario.ts'
import { redisTools, socketOf, startRedis } from '../support/servers/redis.ts'
import type { Server } from '../support/servers/server.ts'
import { missingOf } from '../support/servers/tools.ts'
import '../support/census.ts'
import * as ioredis from './scenarios/ioredis.ts'
import * as nodeRedis from './scenarios/node-redis.ts'
import type { Address } from './scenarios/redis.ts'

const missing = missingOf(...redisTools)
let server: Server

test.before('start a Redis', async () => {
  if (missing === undefined) server = await startRedis()
})

const address = (): Address => ({ port: server.port, path: socketOf(server) })

declare('ioredis', ioredis, ['connector', 'register'], address, missing)
declare('node-redis', nodeRedis, ['register'], address, missing)

declareExample('ioredis', '1 2 3 4 5', () => ({ env: { PORT: `${server.port}` } }), missing)

declareExample(
  'node-redis',
  '1 2 3 4 5',
  () => ({ env: { REDIS_URL: `redis://127.0.0.1:${server.port}` }, isRegistered: true }),
  missing,
)
