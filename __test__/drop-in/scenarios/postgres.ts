/** What programs do with `postgres`. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connect } from 'mio-js/net'
import postgres from 'postgres'
import { until } from '../../support/until.ts'
import type { Address } from './pg.ts'

export interface Context {
  readonly options: postgres.Options<Record<string, never>>
  readonly sql: postgres.Sql
  readonly address: Address
}

const MIB = 1024 * 1024

/** The declarations of the library do not know it. */
interface WithSocket {
  socket?: (options: { host: string[]; port: number[]; path: string | false }) => Promise<unknown>
}

export async function open(door: string, address: Address): Promise<Context> {
  const { port, user } = address
  const options: Context['options'] & WithSocket = {
    host: '127.0.0.1',
    port,
    username: user,
    database: 'postgres',
    max: 8,
    onnotice: () => {},
  }
  if (door === 'socket') {
    options.socket = async ({ host: [host], port: [at], path }) => {
      const socket = path === false ? connect(at!, host!) : connect(path)
      await once(socket, 'connect')
      return socket
    }
  }
  return { options, address, sql: postgres(options) }
}

export async function close({ sql }: Context): Promise<void> {
  await sql.end()
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

export const steps = {
  async 'values come back as they were inserted'({ sql }: Context) {
    await sql`DROP TABLE IF EXISTS postgres_values`
    await sql`CREATE TABLE postgres_values (i int PRIMARY KEY, t text, b bytea, j jsonb, n text)`
    const row = { i: 7, t: 'Grüße, 世界 🌍', b: randomBytes(1000), n: null }
    await sql`INSERT INTO postgres_values ${sql(row)}`
    const [back] = await sql`SELECT i, t, b, n FROM postgres_values WHERE i = ${7}`
    assert.deepEqual({ ...back }, row)
  },

  async 'a result of several MiB is complete'({ sql }: Context) {
    const rows = await sql<{ i: number; v: string }[]>`
      SELECT i, repeat(md5(i::text), 40) AS v FROM generate_series(1, ${4000}::int) AS i`
    assert.equal(rows.length, 4000)
    for (const [at, { i, v }] of rows.entries()) {
      assert.equal(i, at + 1)
      assert.equal(v, md5(`${i}`).repeat(40))
    }
  },

  async 'a cursor takes a result in parts'({ sql }: Context) {
    let count = 0
    for await (const rows of sql`SELECT generate_series(1, 2000) AS i`.cursor(100)) {
      assert.equal(rows.length, 100)
      assert.equal(rows[0]?.['i'], count + 1)
      count += rows.length
    }
    assert.equal(count, 2000)
  },

  async 'several MiB are copied in and out as streams'({ sql }: Context) {
    await sql`DROP TABLE IF EXISTS postgres_copy`
    await sql`CREATE TABLE postgres_copy (i int, v text)`
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i}\t${md5(`${i}`).repeat(4)}\n`)
    const text = lines.join('')
    assert.ok(text.length > 5 * MIB)
    const into = await sql`COPY postgres_copy FROM STDIN`.writable()
    const pieces = text.match(/[^]{1,50000}/g)!
    await pipeline(Readable.from(pieces), into)
    const outOf = await sql`COPY (SELECT * FROM postgres_copy ORDER BY i) TO STDOUT`.readable()
    const hash = createHash('sha256')
    let length = 0
    const slow = new Transform({
      highWaterMark: 1024,
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk)
        length += chunk.length
        // Slow at first, so that the socket is paused; not at the end, for the library forgets a
        // socket that is paused when the last row comes.
        if (length < MIB) setImmediate(done)
        else done()
      },
    })
    slow.resume()
    await pipeline(outOf, slow)
    assert.equal(hash.digest('hex'), createHash('sha256').update(text).digest('hex'))
  },

  async 'queries that are asked at once are answered each'({ sql }: Context) {
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const [row] = await sql<{ n: number }[]>`SELECT ${i}::int * 2 AS n`
        return row?.n
      }),
    )
    assert.deepEqual(
      answers,
      Array.from({ length: 1000 }, (_, i) => i * 2),
    )
  },

  async 'an error of the server rejects its query alone'({ sql, options }: Context) {
    const one = postgres({ ...options, max: 1 })
    const [division, after] = await Promise.allSettled([
      one`SELECT 1 / ${0}::int`,
      one`SELECT 2 AS two`,
    ])
    assert.equal(division.status, 'rejected')
    assert.equal((division.reason as postgres.PostgresError).code, '22012')
    assert.equal(after.status, 'fulfilled')
    assert.deepEqual([...after.value], [{ two: 2 }])
    await one.end()
    assert.equal((await sql`SELECT 1`).length, 1)
  },

  async 'a transaction is rolled back'({ sql }: Context) {
    await sql`DROP TABLE IF EXISTS postgres_transaction`
    await sql`CREATE TABLE postgres_transaction (i int)`
    const failing = sql.begin(async (within) => {
      await within`INSERT INTO postgres_transaction VALUES (1)`
      throw new Error('no')
    })
    await assert.rejects(failing, /^Error: no$/)
    assert.equal((await sql`SELECT * FROM postgres_transaction`).length, 0)
  },

  async 'a notification reaches a connection that asks for nothing'({ sql }: Context) {
    let tell: (payload: string) => void
    const told = new Promise<string>((resolve) => (tell = resolve))
    const { unlisten } = await sql.listen('postgres_news', (payload) => tell(payload))
    await sql.notify('postgres_news', 'x'.repeat(7000))
    assert.equal(await told, 'x'.repeat(7000))
    await unlisten()
  },

  async 'the server closes a connection, and another is made'({ sql, options }: Context) {
    const one = postgres({ ...options, max: 1 })
    const [before] = await one<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
    const pid = before!.pid
    const sleeping = assert.rejects(async () => one`SELECT pg_sleep(60)`, {
      code: 'CONNECTION_CLOSED',
    })
    await until('the server sleeps', async () => {
      const asleep = await sql`
        SELECT FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`
      return asleep.length === 1
    })
    await sql`SELECT pg_terminate_backend(${pid})`
    await sleeping
    // What the server said last is told by the library to whoever asks next, of the next connection.
    await assert.rejects(async () => one`SELECT`, { code: '57P01' })
    const [after] = await one`SELECT pg_backend_pid() AS pid`
    assert.notEqual(after?.['pid'], pid)
    await one.end()
  },

  async 'a connection is encrypted on demand'({ options, address }: Context) {
    const one = postgres({ ...options, max: 1, ssl: { ca: address.ca } })
    const rows = await one`
      SELECT ssl, repeat('ssl', 500000) AS v FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
    assert.deepEqual([...rows], [{ ssl: true, v: 'ssl'.repeat(500_000) }])
    await one.end()
  },

  async 'a Unix socket serves as well'({ options, address: { folder, port } }: Context) {
    const path = `${folder}/.s.PGSQL.${port}`
    const one = postgres({ ...options, max: 1, path } as Context['options'])
    const rows = await one`SELECT inet_server_addr() AS address`
    assert.deepEqual([...rows], [{ address: null }])
    await one.end()
  },

  async 'who is not there is told as Node tells it'({ options }: Context) {
    const one = postgres({ ...options, port: 1 })
    await assert.rejects(async () => one`SELECT 1`, { code: 'ECONNREFUSED' })
    await one.end()
  },
}
