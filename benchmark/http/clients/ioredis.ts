/**
 * Asks Redis by `ioredis`: one connection, commands one after the other without waiting for replies.
 *
 * usage: ioredis.js PORT SECONDS WARMUP
 */
import { Redis } from 'ioredis'
import { PIPELINE, task, work } from './work.js'

const mine = task()
const redis = new Redis({ host: '127.0.0.1', port: mine.port })
for (let n = 0; n < PIPELINE; n += 1) await redis.set(`key ${n}`, `value ${n}`)

await work(mine, async (n) => {
  const value = await redis.get(`key ${n}`)
  if (value !== `value ${n}`) throw new Error(`${n}: ${value}`)
})
await redis.quit()
