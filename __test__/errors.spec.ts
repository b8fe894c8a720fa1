import { readFileSync } from 'node:fs'
import test from 'ava'
import { codes, failure } from '#src/errors.js'
import './support/census.js'

test('docs/errors.md has one row for each code, and no other', (t) => {
  const text = readFileSync('docs/errors.md', 'utf8')
  const documented = [...text.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code)
  t.deepEqual(documented, [...codes])
})

test('system errors have the shape of those of Node', (t) => {
  const number = process.platform === 'win32' ? -4077 : -104
  t.like(failure(number, 'read'), {
    name: 'Error',
    ...(process.platform === 'darwin' ? {} : { code: 'ECONNRESET' }),
    errno: number,
    syscall: 'read',
  })
  const error = failure(-1, 'connect', { address: '::1', port: 80 })
  t.like(error, { address: '::1', port: 80 })
  t.true(error.message.endsWith(' ::1:80'))
})

test('a number that nobody knows is still an error with a code', (t) => {
  t.like(failure(-9999, 'read'), { code: 'UNKNOWN', errno: -9999, syscall: 'read' })
})
