import test from 'ava'
import { declare, declareExample } from '../support/scenario.ts'
import { forbidden, natsTools, password, startNats, user } from '../support/servers/nats.ts'
import type { Server } from '../support/servers/server.ts'
import { missingOf } from '../support/servers/tools.ts'
import '../support/census.ts'
import * as nats from './scenarios/nats.ts'

const missing = missingOf(...natsTools)
let server: Server

test.before('start a NATS server', async () => {
  if (missing === undefined) server = await startNats()
})

const address = (): nats.Address => ({ port: server.port, user, password, forbidden })

declare('nats', nats, ['register'], address, missing)

declareExample(
  'nats',
  '0 1 4 9 16 25 36 49 64 81',
  () => {
    const NATS_URL = `nats://${user}:${password}@127.0.0.1:${server.port}`
    return { env: { NATS_URL }, isRegistered: true }
  },
  missing,
)
