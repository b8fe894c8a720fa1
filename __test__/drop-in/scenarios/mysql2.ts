/** What programs do with `mysql2`. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'mio-js/net'
import mysql from 'mysql2'
import type {
  Connection,
  ConnectionOptions,
  Pool,
  ResultSetHeader,
  RowDataPacket,
} from 'mysql2/promise'
import { createConnection, createPool } from 'mysql2/promise'
import { until } from '../../support/until.ts'

export interface Address {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly path: string
  readonly ca: string
}

export interface Context {
  readonly options: ConnectionOptions
  readonly pool: Pool
  readonly address: Address
}

const MIB = 1024 * 1024

/** What a factory of streams is told. */
interface Told {
  config: { host: string; port: number; socketPath?: string }
}

export async function open(door: string, address: Address): Promise<Context> {
  const { port, user, password, database } = address
  const options: ConnectionOptions = { host: '127.0.0.1', port, user, password, database }
  if (door === 'stream') {
    options.stream = ({ config: { host, port: at, socketPath } }: Told) =>
      socketPath === undefined ? connect(at, host) : connect(socketPath)
  }
  return { options, address, pool: createPool({ ...options, connectionLimit: 8 }) }
}

export async function close({ pool }: Context): Promise<void> {
  await pool.end()
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** The first row of an answer. */
async function first(
  of: Pool | Connection,
  sql: string,
  values?: unknown[],
): Promise<RowDataPacket> {
  const [rows] = await of.query<RowDataPacket[]>(sql, values)
  return rows[0]!
}

export const steps = {
  async 'values come back as they were inserted'({ pool }: Context) {
    await pool.query('DROP TABLE IF EXISTS mysql2_values')
    await pool.query(
      'CREATE TABLE mysql2_values (i int PRIMARY KEY, t text, b blob, d decimal(10, 2), n text)',
    )
    const row = { i: 7, t: 'Grüße, 世界 🌍', b: randomBytes(1000), d: '12.50', n: null }
    const [{ affectedRows }] = await pool.execute<ResultSetHeader>(
      'INSERT INTO mysql2_values VALUES (?, ?, ?, ?, ?)',
      Object.values(row),
    )
    assert.equal(affectedRows, 1)
    const select = 'SELECT * FROM mysql2_values WHERE i = ?'
    const [prepared] = await pool.execute(select, [7])
    const [plain] = await pool.query(select, [7])
    assert.deepEqual([prepared, plain], [[row], [row]])
  },

  async 'a result of several MiB is complete'({ pool }: Context) {
    const [rows] = await pool.query<RowDataPacket[]>(
      'SELECT seq AS i, repeat(md5(seq), 40) AS v FROM seq_1_to_4000',
    )
    assert.equal(rows.length, 4000)
    for (const [at, { i, v }] of rows.entries()) {
      assert.equal(i, at + 1)
      assert.equal(v, md5(`${i}`).repeat(40))
    }
  },

  async 'a parameter of several MiB arrives and comes back'({ pool }: Context) {
    // More than one packet of the protocol can hold.
    const bytes = randomBytes(17 * MIB)
    const connection = await pool.getConnection()
    const [rows] = await connection.execute<RowDataPacket[]>(
      'SELECT length(?) AS length, ? AS bytes',
      [bytes, bytes.subarray(0, 4 * MIB)],
    )
    assert.equal(rows[0]!['length'], bytes.length)
    assert.ok((rows[0]!['bytes'] as Buffer).equals(bytes.subarray(0, 4 * MIB)))
    connection.release()
  },

  async 'rows are streamed to one who is slow'({ options }: Context) {
    const connection = mysql.createConnection(options)
    const rows = connection
      .query('SELECT seq AS i, repeat("x", 2000) AS v FROM seq_1_to_3000')
      .stream({ highWaterMark: 5 })
    let count = 0
    for await (const row of rows as AsyncIterable<{ i: number }>) {
      count += 1
      assert.equal(row.i, count)
      if (count % 100 === 0) await new Promise(setImmediate)
    }
    assert.equal(count, 3000)
    connection.end()
    await once(connection, 'end')
  },

  async 'queries that are asked at once are answered each'({ pool, options }: Context) {
    const connection = await createConnection(options)
    for (const queryable of [connection, pool]) {
      const answers = await Promise.all(
        Array.from({ length: 300 }, async (_, i) => {
          const [rows] = await queryable.execute<RowDataPacket[]>('SELECT ? * 2 AS n', [i])
          return Number(rows[0]?.['n'])
        }),
      )
      assert.deepEqual(
        answers,
        Array.from({ length: 300 }, (_, i) => i * 2),
      )
    }
    await connection.end()
  },

  async 'an error of the server rejects its query alone'({ options }: Context) {
    const connection = await createConnection(options)
    const [failed, after] = await Promise.allSettled([
      connection.query('SELECT * FROM mysql2_nowhere'),
      first(connection, 'SELECT 2 AS two'),
    ])
    assert.equal(failed.status, 'rejected')
    assert.equal((failed.reason as NodeJS.ErrnoException).code, 'ER_NO_SUCH_TABLE')
    assert.deepEqual(after, { status: 'fulfilled', value: { two: 2 } })
    await connection.end()
  },

  async 'a wrong password is refused'({ options }: Context) {
    await assert.rejects(createConnection({ ...options, password: 'wrong' }), {
      code: 'ER_ACCESS_DENIED_ERROR',
    })
  },

  async 'a transaction is rolled back'({ options, pool }: Context) {
    await pool.query('DROP TABLE IF EXISTS mysql2_transaction')
    await pool.query('CREATE TABLE mysql2_transaction (i int)')
    const connection = await createConnection(options)
    await connection.beginTransaction()
    await connection.query('INSERT INTO mysql2_transaction VALUES (1)')
    const count = 'SELECT count(*) AS n FROM mysql2_transaction'
    assert.equal((await first(connection, count))['n'], 1)
    await connection.rollback()
    assert.equal((await first(pool, count))['n'], 0)
    await connection.end()
  },

  async 'the server closes a connection, and the pool makes another'({ pool }: Context) {
    const connection = await pool.getConnection()
    const { threadId } = connection
    const sleeping = assert.rejects(connection.query('SELECT sleep(60)'), {
      code: 'PROTOCOL_CONNECTION_LOST',
    })
    await until('the server sleeps', async () => {
      const asleep =
        'SELECT count(*) AS n FROM information_schema.processlist WHERE id = ? AND state = ?'
      return (await first(pool, asleep, [threadId, 'User sleep']))['n'] === 1
    })
    await pool.query('KILL CONNECTION ?', [threadId])
    await sleeping
    connection.release()
    const again = await Promise.all(
      Array.from({ length: 20 }, async () => first(pool, 'SELECT connection_id() AS id')),
    )
    for (const { id } of again) assert.notEqual(id, threadId)
  },

  async 'a connection is encrypted on demand'({ options, address: { ca } }: Context) {
    const connection = await createConnection({ ...options, ssl: { ca } })
    const { Value: cipher } = await first(connection, 'SHOW STATUS LIKE "Ssl_cipher"')
    assert.match(cipher as string, /^TLS_/)
    const { v } = await first(connection, 'SELECT repeat("ssl", 500000) AS v')
    assert.equal(v, 'ssl'.repeat(500_000))
    await connection.end()
  },

  async 'a Unix socket serves as well'({ options, address: { path } }: Context) {
    const connection = await createConnection({ ...options, socketPath: path })
    const { host } = await first(
      connection,
      'SELECT host FROM information_schema.processlist WHERE id = connection_id()',
    )
    assert.equal(host, 'localhost')
    await connection.end()
  },

  async 'who is not there is told as Node tells it'({ options }: Context) {
    await assert.rejects(createConnection({ ...options, port: 1 }), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 1,
    })
  },
}
