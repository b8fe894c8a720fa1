/** Serves by a server of ../drop-in/servers until it is told to stop, and then ends by itself. */
import { once } from 'node:events'
import process from 'node:process'
import type { Running } from '../drop-in/servers/running.ts'

const [, , name, door] = process.argv
const { listen } = (await import(`../drop-in/servers/${name}.js`)) as {
  listen(door: string | undefined): Promise<Running>
}
const { port, close } = await listen(door)
console.log(`listening on 127.0.0.1:${port}`)
await once(process, 'SIGTERM')
const closed = close()
console.log('closing')
await closed
console.log('closed')
