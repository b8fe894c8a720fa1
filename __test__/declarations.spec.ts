import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { codes } from '#src/errors.js'
import './support/census.js'
import { declarations } from './support/declarations.js'

const all = declarations()
const names = (found: readonly { readonly name: string }[]): string[] =>
  found.map(({ name }) => name)

test('what every door exports is found, with its members', (t) => {
  for (const name of [
    'Poll#pollAsync',
    'PollStats#polls',
    'Engine#listen',
    'ListenOptions#port',
    'connect',
    'adopt',
    'BoundSocket#address',
    'createServer',
    'OwnOptions#native',
    'createSecureServer',
  ]) {
    t.true(names(all).includes(name), name)
  }
  t.true(all.length > 550, `${all.length} names`)
})

test('every name that is exported, and every member of it, has a doc comment', (t) => {
  t.deepEqual(names(all.filter(({ doc }) => doc === '')), [])
})

test('numbers that programs give, and those that the system tells, have a unit or a range', (t) => {
  const given = all.filter(
    ({ owner, type }) =>
      owner !== undefined &&
      /(?:Options|Init|Values|Keepalive|TcpInfo)$/.test(owner) &&
      /\bnumber\b/.test(type),
  )
  t.true(given.length > 100, `${given.length} numbers`)
  const known = /\d|bytes|(?:milli|micro)seconds|segments|connections|number|port|descriptor/i
  t.deepEqual(names(given.filter(({ doc }) => !known.test(doc))), [])
  const times = given.filter(({ name }) => /timeout|delay|interval|linger|[^s]time$/i.test(name))
  t.true(times.length > 12, `${times.length} times`)
  t.deepEqual(names(times.filter(({ doc }) => !/milliseconds/i.test(doc))), [])
})

test('codes in doc comments are those that there are', (t) => {
  const named = all.flatMap(({ doc }) => doc.match(/\b(?:ERR_[A-Z_]+[A-Z]|ABORT_ERR)\b/g) ?? [])
  t.true(named.length > 100)
  t.deepEqual(
    named.filter((code) => !codes.includes(code)),
    [],
  )
})

test('what is not on every platform says where it is not', (t) => {
  const partial = all.filter(({ doc }) => doc.includes('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM'))
  t.true(partial.length > 20)
  const places = /Windows|Linux|Android|macOS|BSD|Unix|Bun|this system|system does not|runtime/
  t.deepEqual(names(partial.filter(({ doc }) => !places.test(doc))), [])
})

/** The declarations without comments and texts. */
function codeOf(file: string): string {
  const noise = /\/\*.*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/gs
  return readFileSync(file, 'utf8').replaceAll(noise, '')
}

test('no published declaration says any', (t) => {
  const found = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  const files = found.filter((name) => /\.d\.c?ts$/.test(name))
  t.true(files.length > 100)
  const open = files.flatMap((name) => {
    const lines = codeOf(path.join('dist', name)).split('\n')
    return lines.filter((line) => /\bany\b/.test(line)).map((line) => `${name}: ${line.trim()}`)
  })
  t.deepEqual(open, [])
})
