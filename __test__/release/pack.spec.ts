import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Diagnosis } from '#src/cli/doctor.js'
import { packageName, tuple } from '#src/platform.js'
import { largest } from '../../scripts/inspection.js'
import { compiledFiles } from '../../scripts/pack.js'
import { readRoot, rootManifest } from '../../scripts/platform-packages.js'
import '../support/census.js'

/** Of a machine that has Node and nothing to build with. */
const path = [dirname(process.execPath), dirname(realpathSync(process.execPath))].join(delimiter)

let project: string

function run(
  t: ExecutionContext,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): SpawnSyncReturns<string> {
  const outcome = spawnSync(command, args, {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    shell: process.platform === 'win32',
  })
  t.is(outcome.status, 0, `${outcome.stdout}\n${outcome.stderr}`)
  return outcome
}

const program = `
const poll = new Poll()
const events = Events.withCapacity(16)
const server = TcpListener.bind('127.0.0.1:0')
poll.registry.register(server, Token(0), Interest.READABLE)
const client = TcpStream.connect(server.localAddr())
const count: number = poll.poll(events, 5000)
const [peer] = server.accept() ?? []
while (!client.finishConnect());
client.write(Buffer.from('hello'))
poll.registry.register(peer!, Token(1), Interest.READABLE)
poll.poll(events, 5000)
const buffer = Buffer.alloc(16)
console.log(count, buffer.toString('latin1', 0, peer!.read(buffer) ?? 0))
process.exit()
`
const names = '{ Events, Interest, Poll, TcpListener, TcpStream, Token }'
const typed = `import ${names} from 'mio-js'\n${program}`
const plain = program.replace(': number', '').replaceAll('!,', ',').replaceAll('!.', '.')

test.before('packs and installs into an empty project', (t) => {
  project = mkdtempSync(join(tmpdir(), 'mio-js-project-'))
  const packed = spawnSync(process.execPath, ['build/scripts/pack-local.js', project], {
    encoding: 'utf8',
  })
  t.is(packed.status, 0, packed.stderr)
  const tarballs = readdirSync(project)
  t.is(tarballs.length, 2)
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  const args = ['install', '--offline', '--no-audit', '--no-fund']
  run(t, 'npm', [...args, ...tarballs.map((name) => `./${name}`)])
})

test.after.always('removes the project', () => {
  rmSync(project, { recursive: true, force: true })
})

test('what is installed runs as an ES module, with nothing to build with', (t) => {
  writeFileSync(join(project, 'echo.mjs'), `import ${names} from 'mio-js'\n${plain}`)
  t.is(run(t, process.execPath, ['echo.mjs'], { PATH: path }).stdout, '1 hello\n')
})

test('what is installed runs by require()', (t) => {
  writeFileSync(join(project, 'echo.cjs'), `const ${names} = require('mio-js')\n${plain}`)
  t.is(run(t, process.execPath, ['echo.cjs'], { PATH: path }).stdout, '1 hello\n')
})

test('what is installed is a preload for programs that know nothing of it', (t) => {
  const serving = `
const { createServer, get } = require('node:http')
const server = createServer(({ socket }, response) => response.end(String(socket._handle)))
server.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, host: '127.0.0.1' }, (response) => {
    response.setEncoding('utf8').on('data', console.log).on('end', () => process.exit())
  })
})
`
  writeFileSync(join(project, 'serving.cjs'), serving)
  for (const way of ['--import', '--require']) {
    const { stdout, stderr } = run(t, process.execPath, [way, 'mio-js/register', 'serving.cjs'])
    t.deepEqual([stdout, stderr], ['null\n', ''])
  }
})

test('what is installed has a doctor, who finds it well', (t) => {
  const { stdout } = run(t, 'npx', ['--offline', 'mio-js', 'doctor', '--json'])
  const { binary, ok } = JSON.parse(stdout) as Diagnosis
  t.true(ok)
  const file = join('node_modules', packageName(tuple()), `mio-js.${tuple()}.node`)
  t.is((binary as { file: string }).file, join(realpathSync(project), file))
})

test('what is installed type-checks in a strict TypeScript project', (t) => {
  writeFileSync(join(project, 'echo.mts'), typed)
  const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
  const types = join(process.cwd(), 'node_modules/@types')
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022']
  run(t, process.execPath, [tsc, ...flags, '--typeRoots', types, '--types', 'node', 'echo.mts'])
})

function listed(name: string): string[] {
  const folder = join(project, 'node_modules', name)
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

test('the root has what is compiled of its sources, with types, and nothing else', (t) => {
  const documents = ['LICENSE', 'README.md', 'package.json']
  t.deepEqual(listed('mio-js'), [...documents, ...compiledFiles()].toSorted())
  t.true(compiledFiles().includes('dist/src/net/index.d.ts'))
  const manifest = JSON.parse(
    readFileSync(join(project, 'node_modules/mio-js/package.json'), 'utf8'),
  ) as Record<string, unknown>
  t.like(manifest, toJsonAndBack(rootManifest(readRoot())))
  const ends = JSON.stringify(manifest['exports']).match(/"\.\/dist[^"]*"/g) ?? []
  t.true(ends.length > 4)
  for (const end of ends) t.true(compiledFiles().includes(JSON.parse(end).slice(2)), end)
})

function toJsonAndBack(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object
}

test('the package of the platform has its binary, and nothing else', (t) => {
  const binary = `mio-js.${tuple()}.node`
  const name = packageName(tuple())
  t.deepEqual(listed(name), ['LICENSE', 'README.md', binary, 'package.json'].toSorted())
  t.true(statSync(join(project, 'node_modules', name, binary)).size <= largest)
  // Of all that the root names, only what fits this machine is installed.
  t.deepEqual(readdirSync(join(project, 'node_modules/@mio-js')), [basename(name)])
})

test('a missing binary is one clear error', (t) => {
  const [binding] = readdirSync(join(project, 'node_modules/@mio-js'))
  const folder = join(project, 'node_modules/@mio-js', binding ?? '')
  rmSync(folder, { recursive: true })
  writeFileSync(
    join(project, 'missing.mjs'),
    `import('mio-js').catch((error) => console.log(error.code, error.message))`,
  )
  const { stdout } = run(t, process.execPath, ['missing.mjs'], { PATH: path })
  t.regex(
    stdout,
    /^ERR_MIO_BINDING_NOT_FOUND No binary could be loaded: mio-js .+\n.+\n {2}@mio-js\/binding-\S+ is not installed/,
  )
})
