/**
 * `redis`, which takes no socket from anybody: the preload puts it on ours.
 * `node --import mio-js/register node-redis.js`; `REDIS_URL` says where.
 */
import { createClient } from 'redis'

const client = createClient({ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' })
await client.connect()

await client.del('visits')
const visits = await Promise.all(Array.from({ length: 5 }, () => client.incr('visits')))
console.log(visits.join(' '))
await client.close()
