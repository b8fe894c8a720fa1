import test from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { drivers } from '../support/engine.js'
import { where } from '../support/platforms.js'
import { isDeno } from '../support/runtime.js'

const addonless = where(!isDeno, 'Deno has no such option')

const flags = [
  '--frozen-intrinsics',
  '--disable-proto=delete',
  '--disable-proto=throw',
  '--jitless',
  '--zero-fill-buffers',
  '--force-node-api-uncaught-exceptions-policy=true',
]

for (const io of drivers) {
  test(`${io}: what is patched on the way changes nothing`, async (t) => {
    const { stdout, stderr } = await run('engine-hostile', [io, 'patched'])
    t.is(stderr, '')
    const { problems, met } = JSON.parse(stdout) as Record<string, string[]>
    t.deepEqual(problems, [])
    t.deepEqual(met, [])
  })

  test(`${io}: an engine works in every mode of Node`, async (t) => {
    for (const flag of flags) {
      const outcome = await run('engine-hostile', [io, 'plain'], ['--no-warnings', flag])
      t.is(outcome.code, 0, `${flag}: ${outcome.stderr}`)
      t.deepEqual((JSON.parse(outcome.stdout) as { problems: string[] }).problems, [])
    }
  })
}

addonless('where Node loads no addons, the engine says so', async (t) => {
  const { code, stderr } = await run('engine-hostile', ['inline', 'plain'], ['--no-addons'])
  t.is(code, 1)
  t.regex(stderr, /loading addons is disabled/)
})
