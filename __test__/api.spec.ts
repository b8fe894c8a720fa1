import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import * as mio from 'mio-js'
import './support/census.js'
import { isComplete, where } from './support/platforms.js'

interface Row {
  readonly rust: readonly string[]
  readonly names: readonly string[]
  readonly remarks: string
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)
}

const page = readFileSync('docs/api.md', 'utf8')
const rows: readonly Row[] = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (mio|-+) /.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .map(([, rust = '', names = '', remarks = '']) => ({
    rust: quoted(rust),
    names: quoted(names),
    remarks,
  }))

const classes = new Map(
  Object.entries(mio).filter(
    (entry): entry is [string, typeof mio.TcpStream] =>
      typeof entry[1] === 'function' && String(entry[1]).startsWith('class '),
  ),
)

/** The prototypes of a class, down to the one that all objects have. */
function chain(object: object | null): object[] {
  const isEnd = object === null || object === Object.prototype || object === Function.prototype
  return isEnd ? [] : [object, ...chain(Object.getPrototypeOf(object) as object | null)]
}

function membersOf(object: object, ignored: readonly string[]): string[] {
  return chain(object)
    .flatMap((part) => Object.getOwnPropertyNames(part))
    .filter((name) => !ignored.includes(name))
}

/** What a class has for its heirs alone. */
const hidden = ['constructor', 'bindTo', 'finish']

/** `TcpStream#read`, `TcpStream.connect`; fields that only objects have are not among them. */
const members = [...classes]
  // The page of options has them, and a spec of its own.
  .filter(([name]) => name !== 'SocketOptions')
  .flatMap(([name, constructor]) => [
    ...membersOf(constructor.prototype as object, hidden).map((key) => `${name}#${key}`),
    ...membersOf(constructor, ['length', 'name', 'prototype']).map((key) => `${name}.${key}`),
  ])

const isSource = (name: string): boolean =>
  members.includes(`${name}#reregister`) && name !== 'Registry'

/** The same for all sources, and for all builders. */
const general = (member: string): string => {
  const [name = ''] = member.split('#')
  if (name.endsWith('Builder')) return member.replace(name, 'SocketBuilder')
  return isSource(name) ? member.replace(name, 'Source') : member
}

test('every row has a name in JavaScript, or the reason why there is none', (t) => {
  t.true(rows.length > 100)
  for (const { rust, names, remarks } of rows) {
    t.true(rust.length + names.length > 0)
    if (names.length === 0) t.true(remarks.length > 20, `${rust.join()} has no reason`)
  }
})

test('every name in JavaScript exists', (t) => {
  /** Properties that only objects have. */
  const fields = new Set([
    'Event#token',
    ...['path', 'pathBytes', 'abstractName'].map((name) => `UnixAddr#${name}`),
    ...['address', 'port', 'family', 'flowinfo', 'scopeId'].map((name) => `SocketAddr#${name}`),
  ])
  const known = new Set([...Object.keys(mio), ...members, ...members.map(general), ...fields])
  const names = rows.flatMap((row) => row.names)
  t.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  )
})

test('everything that the package exports stands in the page', (t) => {
  const named = new Set(rows.flatMap(({ names }) => names))
  const isNamed = (name: string): boolean =>
    named.has(name) || named.has(general(name)) || /* A class */ page.includes(`\`${name}#`)
  t.deepEqual(
    [...Object.keys(mio), ...members].filter((name) => !isNamed(name)),
    [],
  )
})

/** The public functions of mio's own source, as cargo has it: `TcpStream::connect`. */
function functionsOfMio(): string[] {
  const read = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const [, host = ''] = /^host: (.*)$/m.exec(read('rustc', '-vV')) ?? []
  // Without a platform it would want the crates of all.
  const args = ['--format-version', '1', '--locked', '--offline', '--filter-platform', host]
  const metadata = JSON.parse(read('cargo', 'metadata', ...args)) as {
    packages: { name: string; manifest_path: string }[]
  }
  const manifest = metadata.packages.find(({ name }) => name === 'mio')!.manifest_path
  const root = join(dirname(manifest), 'src')
  const files = [
    ...readdirSync(join(root, 'event')).map((name) => join('event', name)),
    'interest.rs',
    'net/tcp/listener.rs',
    'net/tcp/stream.rs',
    'net/udp.rs',
    'net/uds/datagram.rs',
    'net/uds/listener.rs',
    'net/uds/stream.rs',
    'poll.rs',
    'sys/unix/pipe.rs',
    'sys/windows/named_pipe.rs',
    'waker.rs',
  ]
  return files.flatMap((file) => functionsOf(readFileSync(join(root, file), 'utf8'), file))
}

function functionsOf(source: string, file: string): string[] {
  const found: string[] = []
  let type = ''
  for (const line of source.split('\n')) {
    type = /^impl(?:<[^>]*>)? (\w+)/.exec(line)?.[1] ?? type
    if (line === '}') type = ''
    const name = /^ *pub (?:const )?fn (\w+)/.exec(line)?.[1]
    if (name === undefined) continue
    if (type !== '') found.push(`${type}::${name}`)
    else if (file.endsWith('pipe.rs') && name === 'new') found.push('pipe::new')
  }
  return found
}

const hasRust = spawnSync('rustc', ['--version']).status === 0

where(hasRust || isComplete, 'there is no Rust here')(
  'every public function of mio stands in the page',
  (t) => {
    const functions = functionsOfMio()
    t.true(functions.length > 90, `${functions.length} functions`)
    const rust = new Set(rows.flatMap((row) => row.rust))
    t.deepEqual(
      functions.filter((name) => !rust.has(name)),
      [],
    )
  },
)
