/**
 * The server of hello.ts, by TLS.
 *
 * usage: https.js node:https|mio-js/http FOLDER [native], with key.pem and cert.pem in FOLDER
 */
import { readFileSync } from 'node:fs'
import type * as https from 'node:https'
import { announce } from './announce.js'

const [module = 'node:https', folder = '.', native] = process.argv.slice(2)
const loaded = (await import(module)) as typeof https | { https: typeof https }
const { createServer } = 'https' in loaded ? loaded.https : loaded
const read = (name: string): Buffer => readFileSync(`${folder}/${name}.pem`)
const options = {
  key: read('key'),
  cert: read('cert'),
  // Only the drop-in knows it.
  ...(native === undefined ? {} : { native: true }),
}

const server = createServer(options, (_request, response) => {
  response.setHeader('Content-Type', 'text/plain')
  response.end('hello')
})
server.listen(0, '127.0.0.1', () => announce(server))
