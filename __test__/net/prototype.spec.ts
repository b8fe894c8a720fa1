import * as core from 'node:net'
import test from 'ava'
import { Socket } from 'mio-js/net'
import '../support/census.js'

const properties = [
  '_bytesDispatched',
  'bufferSize',
  'bytesRead',
  'bytesWritten',
  'connecting',
  'destroyed',
  'localAddress',
  'localFamily',
  'localPort',
  'pending',
  'readyState',
  'remoteAddress',
  'remoteFamily',
  'remotePort',
] as const

test('properties of the prototype can be looked at', (t) => {
  for (const name of properties) {
    t.notThrows(() => Reflect.get(Socket.prototype, name), name)
  }
  t.is(Socket.prototype.bytesRead, core.Socket.prototype.bytesRead)
  t.is(Socket.prototype.bytesWritten, core.Socket.prototype.bytesWritten)
  t.true(Socket.prototype.pending)
})
