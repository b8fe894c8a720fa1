import path from 'node:path'
import test from 'ava'
import { declare, declareExample } from '../support/scenario.ts'
import {
  database,
  mariadbTools,
  password,
  startMariadb,
  user,
  type Mariadb,
} from '../support/servers/mariadb.ts'
import { missingOf } from '../support/servers/tools.ts'
import '../support/census.ts'
import * as mysql2 from './scenarios/mysql2.ts'

const missing = missingOf(...mariadbTools)
let server: Mariadb

test.before('start a MariaDB', async () => {
  if (missing === undefined) server = await startMariadb()
})

const address = (): mysql2.Address => {
  const { port, folder, ca } = server
  return { port, user, password, database, path: path.join(folder, 'socket'), ca }
}

declare('mysql2', mysql2, ['stream', 'register'], address, missing)

declareExample(
  'mysql2',
  '0 1 4 9 16 25 36 49 64 81',
  () => {
    const MYSQL_URL = `mysql://${user}:${password}@127.0.0.1:${server.port}/${database}`
    return { env: { MYSQL_URL } }
  },
  missing,
)
