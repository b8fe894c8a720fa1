/**
 * Asks PostgreSQL by `pg`, in its pipeline mode: one connection, a prepared statement.
 *
 * usage: pg.js PORT SECONDS WARMUP
 */
import { Client } from 'pg'
import { task, work } from './work.js'

const mine = task()
const client = new Client({
  host: '127.0.0.1',
  port: mine.port,
  user: 'postgres',
  database: 'postgres',
  pipeline: true,
})
await client.connect()

await work(mine, async (n) => {
  const { rows } = await client.query<{ n: number }>({
    name: 'next',
    text: 'SELECT $1::int4 + 1 AS n',
    values: [n],
  })
  if (rows[0]?.n !== n + 1) throw new Error(`${n}: ${JSON.stringify(rows)}`)
})
await client.end()
