/**
 * `mio-js/register`, for `node --import mio-js/register`: puts the `node:net` of a program, and of all
 * that it uses, on the engine. See docs/register.md.
 */
import { debuglog } from 'node:util'

const debug = debuglog('mio-js')

if (process.env['MIO_JS_REGISTER'] === '0') {
  debug('register: switched off by MIO_JS_REGISTER')
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
