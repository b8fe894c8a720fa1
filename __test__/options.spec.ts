import { readFileSync } from 'node:fs'
import test from 'ava'
import './support/census.js'
import { linux, unix } from './support/platforms.js'
import { Sample, samplesOf } from './support/sample.js'

const [sockets, engine] = samplesOf('docs/options.md')

test('the page of options has two programs', (t) => {
  t.is(samplesOf('docs/options.md').length, 2)
})

unix('its program with builders connects, and tells what TCP knows', async (t) => {
  const sample = new Sample(t, sockets)
  t.regex(await sample.line(), /^(established|syn-?sent)$/i)
  t.is(await sample.ended(), 0)
})

/** Tells when the program's handler has set an option, and what the socket has then. */
const before = `import { SocketOptions } from 'mio-js'
const { setPriority } = SocketOptions.prototype
SocketOptions.prototype.setPriority = function (priority) {
  setPriority.call(this, priority)
  console.log('priority', this.priority())
}
`
const after = `
console.log('userTimeout', socket.options.userTimeout())
console.log('notSentLowat', server.options.notSentLowat())
console.log('recvBufferSize', server.options.recvBufferSize())
`

linux('its program on the engine has the options that it asks for', async (t) => {
  const sample = new Sample(t, before + engine + after)
  const lines = []
  while (lines.length < 4) lines.push(await sample.line())
  t.true(lines.includes('priority 4'))
  t.true(lines.includes('userTimeout 10000'))
  t.true(lines.includes('notSentLowat 16384'))
  // Linux doubles what it grants.
  const most = Number(readFileSync('/proc/sys/net/core/rmem_max', 'latin1'))
  t.true(lines.includes(`recvBufferSize ${2 * Math.min(262_144, most)}`))
  await sample.stop()
})
