import test from 'ava'
import { declare, declareExample } from '../support/scenario.ts'
import { mosquittoTools, password, startMosquitto, username } from '../support/servers/mosquitto.ts'
import type { Server } from '../support/servers/server.ts'
import { missingOf } from '../support/servers/tools.ts'
import '../support/census.ts'
import * as mqtt from './scenarios/mqtt.ts'

const missing = missingOf(...mosquittoTools)
let server: Server

test.before('start a broker', async () => {
  if (missing === undefined) server = await startMosquitto()
})

const address = (): mqtt.Address => ({ port: server.port, username, password })

declare('mqtt', mqtt, ['streamBuilder', 'register'], address, missing)

declareExample(
  'mqtt',
  'greetings: hello',
  () => ({ env: { MQTT_URL: `mqtt://${username}:${password}@127.0.0.1:${server.port}` } }),
  missing,
)
