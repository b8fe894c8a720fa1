/** `pg`: `stream` makes a socket for each connection. `PGHOST`, `PGUSER` and their like say where. */
import { Socket } from 'mio-js/net'
import { Pool } from 'pg'

// Not connected: the library does that, after it has set its options.
const pool = new Pool({ stream: () => new Socket() })

const numbers = Array.from({ length: 10 }, (_, i) => i)
const answers = await Promise.all(
  numbers.map((i) => pool.query<{ square: number }>('SELECT $1::int * $1::int AS square', [i])),
)
console.log(answers.map(({ rows: [row] }) => row?.square).join(' '))
await pool.end()
