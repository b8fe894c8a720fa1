import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { Poll } from 'mio-js'
import { Engine } from 'mio-js/engine'
import './support/census.js'
import { closing } from './support/sockets.js'
import { answer } from './support/http.js'
import { Sample, samplesOf } from './support/sample.js'
import { served } from './support/platforms.js'

const page = readFileSync('docs/operations.md', 'utf8')

/** The names in the first column of the table below a heading. */
function rowsBelow(heading: string): string[] {
  const [, rest = ''] = page.split(`\n### \`${heading}\`\n`)
  const [section = ''] = rest.split('\n#')
  return [...section.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name as string)
}

function sameRows(t: ExecutionContext, heading: string, stats: object): void {
  t.deepEqual(rowsBelow(heading).toSorted(), Object.keys(stats).toSorted())
}

test('docs/operations.md has one row for each figure of stats(), and no other', async (t) => {
  sameRows(t, 'poll.stats()', closing(t, new Poll()).stats())
  const engine = new Engine({ io: 'inline' })
  t.teardown(() => engine.close())
  sameRows(t, 'engine.stats()', engine.stats())
  const server = engine.listen({ hostname: '127.0.0.1' })
  sameRows(t, 'server.stats()', server.stats())
  await server.close()
})

served('the server of the page says hello, and who was reset', async (t) => {
  const [program] = samplesOf('docs/operations.md')
  const port = await new Sample(t, program).port()
  const { body } = await answer(get({ port, host: '127.0.0.1', agent: false }))
  t.is(body, 'hello\n')
})
