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
    const { code, message } = error as NodeJS.ErrnoException
    // Of an error of what is required Deno leaves the text alone.
    const [reason] = /No binary could be loaded: [^]*/.exec(message) ?? []
    if (code !== 'ERR_MIO_BINDING_NOT_FOUND' && reason === undefined) throw error
    debug('register: everything stays as it is: %s', reason ?? message)
  }
}

interface Installer {
  install(): void
}
