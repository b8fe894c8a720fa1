import test from 'ava'
import { declare, declareExample } from '../support/scenario.ts'
import { postgresTools, startPostgres, user, type Postgres } from '../support/servers/postgres.ts'
import { missingOf } from '../support/servers/tools.ts'
import '../support/census.ts'
import * as pg from './scenarios/pg.ts'
import * as postgres from './scenarios/postgres.ts'

const missing = missingOf(...postgresTools)
let server: Postgres

test.before('start a PostgreSQL', async () => {
  if (missing === undefined) server = await startPostgres()
})

const address = (): pg.Address => {
  const { port, folder, ca } = server
  return { port, folder, ca, user }
}

declare('pg', pg, ['stream', 'register'], address, missing)
declare('postgres', postgres, ['socket', 'register'], address, missing)

for (const name of ['pg', 'postgres']) {
  const place = { PGHOST: '127.0.0.1', PGUSER: user, PGDATABASE: 'postgres' }
  const how = (): { env: NodeJS.ProcessEnv } => ({ env: { ...place, PGPORT: `${server.port}` } })
  declareExample(name, '0 1 4 9 16 25 36 49 64 81', how, missing)
}
