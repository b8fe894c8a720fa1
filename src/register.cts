/**
 * The same as register.ts, for `node --require mio-js/register`: what is required cannot wait for
 * an import.
 */
import util = require('node:util')

const debug = util.debuglog('mio-js')

if (process.env['MIO_JS_REGISTER'] === '0') {
  debug('register: switched off by MIO_JS_REGISTER')
} else if (process.versions['bun'] !== undefined) {
  // Its servers have nothing of what a server of ours would need.
  debug('register: everything stays as it is: nobody can replace the net of Bun')
} else {
  try {
    const { install } = require('./register/install.js') as Installer
    install()
    debug('register: net is on the engine')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MIO_BINDING_NOT_FOUND') throw error
    debug('register: everything stays as it is: %s', (error as Error).message)
  }
}

interface Installer {
  install(): void
}
