/**
 * `mio-js/register`, for `node --import mio-js/register`: puts the `node:net` of a program, and of all
 * that it uses, on the engine. See docs/register.md.
 *
 * @example
 * ```ts
 * import 'mio-js/register' // or, before the program: node --import mio-js/register app.js
 * import { once } from 'node:events'
 * import net, { type AddressInfo } from 'node:net'
 *
 * const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
 * socket.on('data', (chunk) => console.log(chunk.toString())) // hello
 * console.log('detach' in socket) // true
 * await once(socket, 'close')
 * server.close()
 * await once(server, 'close')
 * ```
 *
 * @module
 */
import { debuglog } from 'node:util'

const debug = debuglog('mio-js')

if (process.env['MIO_JS_REGISTER'] === '0') {
  debug('register: switched off by MIO_JS_REGISTER')
} else if (process.versions['bun'] !== undefined) {
  // Its servers have nothing of what a server of ours would need.
  debug('register: everything stays as it is: nobody can replace the net of Bun')
} else {
  try {
    // Only here, as it fails where there is no binary: then all stays as it is.
    const { install } = await import('./register/install.ts')
    install()
    debug('register: net is on the engine')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MIO_BINDING_NOT_FOUND') throw error
    debug('register: everything stays as it is: %s', (error as Error).message)
  }
}
