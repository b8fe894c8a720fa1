/** `mysql2`: `stream` opens each connection. `MYSQL_URL` says where. */
import { connect } from 'mio-js/net'
import { createPool, type RowDataPacket } from 'mysql2/promise'

/** What the library tells of its options. */
interface Told {
  config: { host: string; port: number; socketPath?: string }
}

const { MYSQL_URL: uri = 'mysql://root@127.0.0.1:3306/test' } = process.env
const pool = createPool({
  uri,
  stream({ config: { host, port, socketPath } }: Told) {
    if (socketPath !== undefined) return connect(socketPath)
    // The library leaves the options of a stream that it did not make to whoever made it.
    return connect({ host, port, noDelay: true, keepAlive: true })
  },
})

const answers = await Promise.all(
  Array.from({ length: 10 }, (_, i) =>
    pool.execute<RowDataPacket[]>('SELECT ? * ? AS square', [i, i]),
  ),
)
console.log(answers.map(([[row]]) => Number(row?.['square'])).join(' '))
await pool.end()
