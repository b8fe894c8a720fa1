/** What programs do with `pg`. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Socket } from 'mio-js/net'
import { Client, Pool } from 'pg'
import type { ClientConfig, DatabaseError, Notification } from 'pg'
import { until } from '../../support/until.ts'

export interface Address {
  readonly port: number
  readonly user: string
  readonly folder: string
  readonly ca: string
}

export interface Context {
  readonly config: ClientConfig
  readonly pool: Pool
  readonly address: Address
}

const MIB = 1024 * 1024

export async function open(door: string, address: Address): Promise<Context> {
  const { port, user } = address
  const config: ClientConfig = { host: '127.0.0.1', port, user, database: 'postgres' }
  if (door === 'stream') config.stream = () => new Socket()
  return { config, address, pool: new Pool({ ...config, max: 8 }) }
}

export async function close({ pool }: Context): Promise<void> {
  await pool.end()
}

/** The declarations of the library do not know `pipeline`. */
type Config = ClientConfig & { pipeline?: boolean | undefined }

async function connected(config: Config): Promise<Client> {
  const client = new Client(config)
  await client.connect()
  return client
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

export const steps = {
  async 'values come back as they were inserted'({ pool }: Context) {
    await pool.query('DROP TABLE IF EXISTS pg_values')
    await pool.query(
      'CREATE TABLE pg_values (i int PRIMARY KEY, t text, b bytea, j jsonb, a int[], n text)',
    )
    const row = { i: 7, t: 'Grüße, 世界 🌍', b: randomBytes(1000), j: { k: [1, 'x'] }, a: [1, 2] }
    const { rowCount } = await pool.query('INSERT INTO pg_values VALUES ($1, $2, $3, $4, $5, $6)', [
      ...Object.values(row),
      null,
    ])
    assert.equal(rowCount, 1)
    const { rows } = await pool.query('SELECT * FROM pg_values WHERE i = $1', [7])
    assert.deepEqual(rows, [{ ...row, n: null }])
  },

  async 'a result of several MiB is complete'({ pool }: Context) {
    const { rows } = await pool.query<{ i: number; v: string }>(
      'SELECT i, repeat(md5(i::text), 40) AS v FROM generate_series(1, $1) AS i',
      [4000],
    )
    assert.equal(rows.length, 4000)
    for (const [at, { i, v }] of rows.entries()) {
      assert.equal(i, at + 1)
      assert.equal(v, md5(`${i}`).repeat(40))
    }
  },

  async 'a parameter of several MiB arrives and comes back'({ pool }: Context) {
    const bytes = randomBytes(4 * MIB)
    const { rows } = await pool.query<{ length: number; bytes: Buffer }>(
      'SELECT length($1::bytea) AS length, $1::bytea AS bytes',
      [bytes],
    )
    assert.equal(rows[0]?.length, bytes.length)
    assert.ok(rows[0]?.bytes.equals(bytes))
  },

  async 'queries that are asked at once are answered each'({ config, pool }: Context) {
    const client = await connected({ ...config, pipeline: true })
    for (const queryable of [client, pool]) {
      const answers = await Promise.all(
        Array.from({ length: 300 }, async (_, i) => {
          const { rows } = await queryable.query<{ n: number }>('SELECT $1::int * 2 AS n', [i])
          return rows[0]?.n
        }),
      )
      assert.deepEqual(
        answers,
        Array.from({ length: 300 }, (_, i) => i * 2),
      )
    }
    await client.end()
  },

  async 'an error of the server rejects its query alone'({ config }: Context) {
    const client = await connected({ ...config, pipeline: true })
    const [division, after] = await Promise.allSettled([
      client.query('SELECT 1 / $1::int', [0]),
      client.query('SELECT 2 AS two'),
    ])
    assert.equal(division.status, 'rejected')
    assert.equal((division.reason as DatabaseError).code, '22012')
    assert.equal(after.status, 'fulfilled')
    assert.deepEqual(after.value.rows, [{ two: 2 }])
    await client.end()
  },

  async 'a transaction is rolled back'({ config, pool }: Context) {
    const client = await connected(config)
    await client.query('DROP TABLE IF EXISTS pg_transaction')
    await client.query('CREATE TABLE pg_transaction (i int)')
    await client.query('BEGIN; INSERT INTO pg_transaction VALUES (1)')
    const within = await client.query('SELECT * FROM pg_transaction')
    assert.equal(within.rowCount, 1)
    assert.equal((await pool.query('SELECT * FROM pg_transaction')).rowCount, 0)
    await client.query('ROLLBACK')
    assert.equal((await pool.query('SELECT * FROM pg_transaction')).rowCount, 0)
    await client.end()
  },

  async 'a notification reaches a connection that asks for nothing'({ config, pool }: Context) {
    const client = await connected(config)
    await client.query('LISTEN pg_news')
    const told = once(client, 'notification')
    await pool.query("SELECT pg_notify('pg_news', $1)", ['x'.repeat(7000)])
    const [{ payload }] = (await told) as [Notification]
    assert.equal(payload, 'x'.repeat(7000))
    await client.end()
  },

  async 'the server closes a connection, and the pool makes another'({ pool }: Context) {
    const client = await pool.connect()
    const lost = once(client, 'error')
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pid = rows[0]!.pid
    const sleeping = assert.rejects(client.query('SELECT pg_sleep(60)'), { code: '57P01' })
    await until('the server sleeps', async () => {
      const asleep = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"
      return (await pool.query(asleep, [pid])).rowCount === 1
    })
    await pool.query('SELECT pg_terminate_backend($1)', [pid])
    await sleeping
    const [error] = (await lost) as [Error]
    assert.match(error.message, /Connection terminated unexpectedly/)
    client.release(error)
    const again = await Promise.all(
      Array.from({ length: 20 }, async () => pool.query('SELECT pg_backend_pid() AS pid')),
    )
    for (const answer of again) assert.notEqual(answer.rows[0]?.pid, pid)
  },

  async 'a connection is encrypted on demand'({ config, address }: Context) {
    const client = await connected({ ...config, ssl: { ca: address.ca } })
    const { rows } = await client.query<{ ssl: boolean; v: string }>(
      "SELECT ssl, repeat('ssl', 500000) AS v FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    )
    assert.deepEqual(rows, [{ ssl: true, v: 'ssl'.repeat(500_000) }])
    await client.end()
  },

  async 'a Unix socket serves as well'({ config, address }: Context) {
    const client = await connected({ ...config, host: address.folder })
    const { rows } = await client.query('SELECT inet_server_addr() AS address')
    assert.deepEqual(rows, [{ address: null }])
    await client.end()
  },

  async 'who is not there is told as Node tells it'({ config }: Context) {
    await assert.rejects(connected({ ...config, port: 1 }), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 1,
    })
  },

  async 'a connection that takes too long is given up'({ config }: Context) {
    const client = await connected({ ...config, query_timeout: 100 })
    await assert.rejects(client.query('SELECT pg_sleep(60)'), /timeout/i)
    await client.end()
  },
}
