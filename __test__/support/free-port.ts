import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port that nobody has, nor is given meanwhile: systems choose from 32768 on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.trunc(Math.random() * 10_000)
    const server = createServer().listen(port)
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
