import test from 'ava'
import '../support/census.js'
import { type Setting, plain, registered, required, runProgram } from '../support/register.js'

interface Program {
  readonly name: string
  /** What it prints, with any sockets. */
  readonly says: string
  /** How many connections it has. */
  readonly client: number
  readonly server: number
}

const echo: Program = {
  name: 'echo',
  says: 'echo\ntrue 4 4\nconnect ECONNREFUSED 127.0.0.1:PORT\nclosed true\n',
  client: 2,
  server: 1,
}

const programs: readonly Program[] = [
  echo,
  {
    name: 'http',
    says: '/1 127.0.0.1 1 false\n/2 127.0.0.1 1 true\nupgraded\n/fetch 127.0.0.1 2\nclosed\n',
    client: 3,
    server: 3,
  },
  {
    name: 'names',
    says: `${'true true true true true\n'.repeat(3)}true true Socket connect\n`,
    client: 0,
    server: 0,
  },
  {
    name: 'extends',
    says: 'true false\ntrue true\nfalse\nfalse\nfalse\nfrom a class true\nfrom a function true\n2 true\n',
    client: 2,
    server: 2,
  },
]

const ways: readonly [name: string, setting: Setting][] = [
  ['--import', { preload: registered }],
  ['--require', { preload: required }],
  ['both, and twice', { preload: [...required, ...registered, ...registered, ...required] }],
]

for (const { name, says, client, server } of programs) {
  test(`${name}: is on core's sockets by itself`, async (t) => {
    const { code, sockets, stderr, stdout } = await runProgram(name, { preload: plain })
    t.deepEqual({ code, stderr, stdout }, { code: 0, stderr: '', stdout: says })
    t.is(sockets[0]?.client.mio, 0)
    t.is(sockets[0]?.server.mio, 0)
  })

  for (const [way, setting] of ways) {
    test(`${name}: is the same on ours, by ${way}`, async (t) => {
      const { code, sockets, stderr, stdout } = await runProgram(name, setting)
      t.deepEqual({ code, stderr, stdout }, { code: 0, stderr: '', stdout: says })
      t.deepEqual(sockets, [{ client: { core: 0, mio: client }, server: { core: 0, mio: server } }])
    })
  }
}

test('NODE_OPTIONS is a way for all programs of a shell', async (t) => {
  const env = { NODE_OPTIONS: registered.join(' ') }
  const { code, sockets, stderr, stdout } = await runProgram('echo', { preload: plain, env })
  t.deepEqual({ code, stderr, stdout }, { code: 0, stderr: '', stdout: echo.says })
  t.deepEqual(sockets[0]?.client, { core: 0, mio: 2 })
})

for (const [how, code] of [
  ['exit', 7],
  ['throw', 1],
  ['end', 0],
  ['unref', 0],
  ['nothing', 0],
] as const) {
  test(`a process ends as it does with core: ${how}`, async (t) => {
    for (const preload of [plain, registered]) {
      const outcome = await runProgram('exit', { preload, args: [how] })
      t.is(outcome.code, code)
      t.is(outcome.stdout, `exit ${code}\n`)
      t.is(outcome.stderr.includes('Error: thrown'), how === 'throw')
      const { client } = outcome.sockets[0]!
      const count = how === 'nothing' ? 0 : 1
      t.deepEqual(client, preload === plain ? { core: count, mio: 0 } : { core: 0, mio: count })
    }
  })
}
