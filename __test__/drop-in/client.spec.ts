import test from 'ava'
import { declare, declareExample } from '../support/scenario.ts'
import { type CoreHttp, startCoreHttp } from '../support/servers/core-http.ts'
import { freePort } from '../support/free-port.js'
import { missingOf } from '../support/servers/tools.ts'
import '../support/census.ts'
import type { Address } from './scenarios/client.ts'
import * as fetch from './scenarios/fetch.ts'
import * as http from './scenarios/http.ts'
import * as undici from './scenarios/undici.ts'
import { answer, lengthOfBytes } from './servers/routes.ts'

const missing = missingOf('openssl')
let server: CoreHttp
let nobody: number

test.before('start a server of Node', async () => {
  if (missing !== undefined) return
  server = await startCoreHttp(answer)
  nobody = await freePort()
})

const address = (): Address => ({ ...server, nobody })
const environment = (): NodeJS.ProcessEnv => ({
  NODE_EXTRA_CA_CERTS: server.caFile,
  // By itself the preload lets core carry TLS.
  MIO_JS_REGISTER: 'tls',
})

declare('undici', undici, ['connect', 'register'], address, missing, environment)
declare('fetch', fetch, ['register'], address, missing, environment)
declare('http', http, ['mio-js/http', 'register'], address, missing, environment)

declareExample(
  'undici',
  `200 5\n404 9\n200 ${lengthOfBytes}`,
  () => {
    const { port, securePort } = server
    const plain = `http://127.0.0.1:${port}`
    const args = [`${plain}/text`, `${plain}/nowhere`, `https://localhost:${securePort}/bytes`]
    return { args, env: environment() }
  },
  missing,
)

declareExample(
  'fetch',
  `200 5\n200 ${lengthOfBytes}`,
  () => {
    const { port, securePort } = server
    const args = [`http://127.0.0.1:${port}/text`, `https://localhost:${securePort}/bytes`]
    return { args, env: environment(), isRegistered: true }
  },
  missing,
)
