/** `postgres`: `socket` opens each connection. `PGHOST`, `PGUSER` and their like say where. */
import { once } from 'node:events'
import { connect } from 'mio-js/net'
import postgres from 'postgres'

/** What the library tells of its options; its declarations do not have it. */
interface Place {
  host: string[]
  port: number[]
  path: string | false
}

const options = {
  async socket({ host: [host], port: [port], path }: Place) {
    const socket = path === false ? connect(port!, host!) : connect(path)
    await once(socket, 'connect')
    return socket
  },
}
const sql = postgres(options as postgres.Options<Record<string, never>>)

const rows = await sql<{ square: number }[]>`
  SELECT i * i AS square FROM generate_series(0, ${9}::int) AS i`
console.log(rows.map(({ square }) => square).join(' '))
await sql.end()
