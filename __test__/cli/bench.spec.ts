import { spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import type { Sample } from '#src/cli/bench.js'
import '../support/census.js'
import { main, mioJs, runToEnd } from '../support/cli.js'
import { where } from '../support/platforms.js'

const short = ['bench', '--repeats', '3', '--seconds', '0.03', '--connections', '4']
const servers = ['node:net', 'mio-js/net', 'mio-js/engine']

test('bench measures all servers in turn, so that each is first once', async (t) => {
  const { code, stderr, stdout } = await mioJs([...short, '--size', '100', '--json'])
  t.deepEqual([code, stderr], [0, ''])
  const found = JSON.parse(stdout) as {
    size: number
    repeats: number
    threadClock: string
    samples: Sample[]
  }
  t.like(found, { size: 100, repeats: 3 })
  t.true(['schedstat', 'threadCpuUsage', 'event loop'].includes(found.threadClock))
  if (process.platform === 'linux') t.is(found.threadClock, 'schedstat')
  const [net, ...others] = servers as [string, ...string[]]
  const second = [...others, net]
  t.deepEqual(
    found.samples.map(({ repeat, server }) => [repeat, server]),
    [servers, second, [second[1], second[2], second[0]]].flatMap((order, repeat) =>
      order.map((server) => [repeat, server]),
    ),
  )
  for (const { messages, perSecond, process: all, server, thread } of found.samples) {
    t.true(messages > 0 && perSecond > 0, server)
    t.true(thread > 0 && all > 0, server)
  }
})

/** The rows of a drawing: a name, a bar, a median, its range. */
function rowsOf(t: ExecutionContext, text: string): string[][] {
  const pattern = /^ {2}(\S+) +([#█▏▎▍▌▋▊▉]+) +([\d.]+) \(([\d.]+)–([\d.]+)\)/gmu
  const rows = [...text.matchAll(pattern)].map((row) => row.slice(1) as string[])
  t.deepEqual(
    rows.map(([name]) => name),
    [...servers, ...servers, ...servers],
  )
  return rows
}

test('bench draws bars in plain text, and the longest is the most', async (t) => {
  const { code, stderr, stdout } = await mioJs(short)
  t.deepEqual([code, stderr], [0, ''])
  t.false(stdout.includes('\u001B'))
  const rows = rowsOf(t, stdout)
  for (let at = 0; at < rows.length; at += servers.length) {
    const group = rows.slice(at, at + servers.length)
    const top = Math.max(...group.map(([, , median]) => Number(median)))
    for (const [name, bar = '', median, least, most] of group) {
      t.regex(bar, /^#+$/)
      t.is(bar.length === 32, Number(median) === top, `${name}: ${bar} of ${median}`)
      t.true(Number(least) <= Number(median) && Number(median) <= Number(most))
    }
  }
  // Each is compared, or it is said why it is not.
  const compared = stdout.match(/ × node:net$/gm)
  t.is(compared?.length, 6)
})

/** util-linux's: it gives a program a terminal. */
const hasScript =
  process.platform === 'linux' &&
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

async function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ')
  const flags = ['--quiet', '--return', '--command', command, '/dev/null']
  // Node takes the terminals of services of CI for ones without colours.
  const terminal = { TERM: 'xterm-256color', CI: undefined }
  const { code, stdout } = await runToEnd('script', flags, { ...terminal, ...env })
  if (code !== 0) throw new Error(stdout)
  // What tells how far it is, is drawn over.
  const [progress, ...rest] = stdout.split('\r\u001B[K').toReversed()
  if (rest.length === 0 || progress === undefined) throw new Error('there was no progress')
  return progress.replaceAll('\r\n', '\n')
}

const terminal = where(hasScript, "needs util-linux's script")

terminal('bench draws blocks in colour on a terminal', async (t) => {
  const text = await onTerminal(short, { NO_COLOR: undefined, FORCE_COLOR: undefined })
  t.true(text.includes('\u001B[1m') && text.includes('\u001B[32m'))
  const plain = stripVTControlCharacters(text)
  for (const [, bar = ''] of rowsOf(t, plain)) t.regex(bar, /^█*[▏▎▍▌▋▊▉]?$/u)
})

terminal(
  'bench has no colour if NO_COLOR is set, and compares nothing that was not repeated',
  async (t) => {
    const once = [...short, '--repeats', '1']
    const text = await onTerminal(once, { NO_COLOR: '1', FORCE_COLOR: undefined })
    t.false(text.includes('\u001B'))
    for (const [, bar = ''] of rowsOf(t, text)) t.regex(bar, /^█*[▏▎▍▌▋▊▉]?$/u)
    t.is(text.match(/too few repeats to compare$/gm)?.length, 6)
    t.false(text.includes('× node:net'))
  },
)
