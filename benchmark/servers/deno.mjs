// An echo server on Deno's own sockets. Plain JavaScript, as Deno's types are no dependency of ours.
// @ts-check
const { Deno } = /** @type {any} */ (globalThis)

const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 })
console.log(`listening 127.0.0.1:${listener.addr.port}`)

/** @param {any} connection */
async function echo(connection) {
  connection.setNoDelay()
  const buffer = new Uint8Array(65_536)
  try {
    for (;;) {
      const count = await connection.read(buffer)
      if (count === null) break
      for (let written = 0; written < count;) {
        written += await connection.write(buffer.subarray(written, count))
      }
    }
  } catch {
    // The peer reset the connection.
  }
  connection.close()
}

for await (const connection of listener) void echo(connection)
