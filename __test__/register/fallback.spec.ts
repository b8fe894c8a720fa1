import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import '../support/census.js'
import { where } from '../support/platforms.js'
import { type Run, registered, required, runProgram } from '../support/register.js'
import { isBun } from '../support/runtime.js'

const echoed = 'echo\ntrue 4 4\nconnect ECONNREFUSED 127.0.0.1:PORT\nclosed true\n'

/** How many clients core tells of is another matter, in each version. */
function isCores(run: Run): boolean {
  const [all, ...others] = run.sockets
  return (
    all?.client.mio === 0 && all.server.mio === 0 && all.server.core === 1 && others.length === 0
  )
}

/** The package as it is where there is no binary for the platform. */
const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-without-binary-'))
const bare = path.join(folder, 'node_modules/mio-js')
mkdirSync(bare, { recursive: true })
cpSync('dist', path.join(bare, 'dist'), { recursive: true })
cpSync('package.json', path.join(bare, 'package.json'))
const bareImported = ['--import', pathToFileURL(path.join(bare, 'dist/src/register.js')).href]
const bareRequired = ['--require', path.join(bare, 'dist/src/register.cjs')]

test.after.always('removes the copy', () => {
  rmSync(folder, { recursive: true })
})

const elsewhere = where(!isBun, 'nobody can replace the net of Bun')

for (const [way, preload] of [
  ['--import', registered],
  ['--require', required],
] as const) {
  elsewhere(`${way}: MIO_JS_REGISTER=0 leaves everything as it is`, async (t) => {
    const run = await runProgram('echo', { preload, env: { MIO_JS_REGISTER: '0' } })
    t.deepEqual([run.code, run.stderr, run.stdout], [0, '', echoed])
    t.true(isCores(run))
  })

  elsewhere(`${way}: NODE_DEBUG=mio-js says whether it works`, async (t) => {
    const on = await runProgram('echo', { preload, env: { NODE_DEBUG: 'mio-js' } })
    t.regex(on.stderr, /^MIO-JS \d+: register: net is on the engine$/m)
    t.regex(on.stderr, /^MIO-JS \d+: server listens on /m)
    const env = { NODE_DEBUG: 'mio-js', MIO_JS_REGISTER: '0' }
    const off = await runProgram('echo', { preload, env })
    t.regex(off.stderr, /^MIO-JS \d+: register: switched off by MIO_JS_REGISTER\n$/)
  })
}

const inBun = where(isBun, 'Bun: others have a net that can be replaced')

for (const preload of [registered, required]) {
  inBun(`${preload[0]}: Bun keeps its own net, and NODE_DEBUG=mio-js says so`, async (t) => {
    const run = await runProgram('echo', { preload, env: { NODE_DEBUG: 'mio-js' } })
    t.deepEqual([run.code, run.stdout], [0, echoed])
    t.regex(run.stderr, /^MIO-JS \d+: register: everything stays as it is: /m)
    t.notRegex(run.stderr, /server listens on/)
  })
}

for (const [way, preload] of [
  ['--import', bareImported],
  ['--require', bareRequired],
] as const) {
  elsewhere(
    `${way}: without a binary everything stays as it is, and nothing is said of it`,
    async (t) => {
      const run = await runProgram('echo', { preload })
      t.deepEqual([run.code, run.stderr, run.stdout], [0, '', echoed])
      t.true(isCores(run))
    },
  )

  elsewhere(`${way}: without a binary NODE_DEBUG=mio-js says why`, async (t) => {
    const run = await runProgram('echo', { preload, env: { NODE_DEBUG: 'mio-js' } })
    t.is(run.stdout, echoed)
    const reason = /^MIO-JS \d+: register: everything stays as it is: No binary could be loaded: /
    t.regex(run.stderr, reason)
  })
}
