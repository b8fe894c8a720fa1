import { readFileSync, readdirSync } from 'node:fs'
import test from 'ava'
import './support/census.js'

/** Where `unsafe` may stand, as the map of CONTRIBUTING.md says. */
const folders = [
  'crates/binding/src/ffi/',
  'crates/binding/src/wake/libuv/',
  'crates/core/src/raw/',
]
/** A descriptor that is only a number has no other form. */
const exceptions = new Set([
  'crates/core/tests/engine_adopt.rs',
  'crates/core/tests/engine_detach.rs',
  'crates/core/tests/lent.rs',
])

/** Comments, texts and letters, in which the word says nothing. */
const others = /\/\*[^]*?\*\/|\/\/.*|\br(#*)"[^]*?"\1|"(?:\\[^]|[^"\\])*"|'(?:\\.|[^'\\])'/g

function count(source: string): number {
  return [...source.replaceAll(others, ' ').matchAll(/\bunsafe\b/g)].length
}

function counts(): Map<string, number> {
  const roots = ['crates', 'benchmark/native', 'fuzz/fuzz_targets']
  const files = roots
    .flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => `${root}/${name}`),
    )
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.rs'))
    .toSorted()
  const found = files.map((name) => [name, count(readFileSync(name, 'utf8'))] as const)
  return new Map(found.filter(([, number]) => number > 0))
}

test('no file has more unsafe code than crates/unsafe.txt says, nor less', (t) => {
  const lines = [...counts()].map(([name, number]) => `${number} ${name}`)
  const known = readFileSync('crates/unsafe.txt', 'utf8').trimEnd().split(/\r?\n/)
  t.deepEqual(
    lines,
    known.filter((line) => !line.startsWith('#')),
    'if it is meant, write the new numbers down, and say in the commit why',
  )
})

test('unsafe code stands only in the folders that are for it', (t) => {
  const strays = [...counts().keys()].filter(
    (name) => !folders.some((folder) => name.startsWith(folder)) && !exceptions.has(name),
  )
  t.deepEqual(strays, [])
})

test('the word in comments and texts is not counted', (t) => {
  t.is(count('// unsafe\n/* unsafe\nunsafe */ "unsafe \\" unsafe" unsafe_code r#"unsafe"#'), 0)
  t.is(count(`"//" unsafe {} '"' unsafe fn f<'a>(x: &'a str) // unsafe`), 2)
})
