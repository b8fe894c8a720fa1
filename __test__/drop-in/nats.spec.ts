import test from 'ava'
import { declare } from '../support/scenario.ts'
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
