import { readFileSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import test from 'ava'
import { codes, failure } from '#src/errors.js'
import './support/census.js'
import { windows } from './support/platforms.js'

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

/** What libuv makes of those of Windows' errors that have no name of POSIX. */
const nameOf: Readonly<Record<string, string>> = {
  ERROR_ACCESS_DENIED: 'EPERM',
  ERROR_ADDRESS_ALREADY_ASSOCIATED: 'EADDRINUSE',
  ERROR_BAD_PATHNAME: 'ENOENT',
  ERROR_BAD_PIPE: 'EPIPE',
  ERROR_BROKEN_PIPE: 'EOF',
  ERROR_CONNECTION_ABORTED: 'ECONNABORTED',
  ERROR_CONNECTION_REFUSED: 'ECONNREFUSED',
  ERROR_FILENAME_EXCED_RANGE: 'ENAMETOOLONG',
  ERROR_FILE_NOT_FOUND: 'ENOENT',
  ERROR_HOST_UNREACHABLE: 'EHOSTUNREACH',
  ERROR_INVALID_HANDLE: 'EBADF',
  ERROR_INVALID_NAME: 'ENOENT',
  ERROR_INVALID_PARAMETER: 'EINVAL',
  ERROR_NETNAME_DELETED: 'ECONNRESET',
  ERROR_NETWORK_UNREACHABLE: 'ENETUNREACH',
  ERROR_NOT_CONNECTED: 'ENOTCONN',
  ERROR_NOT_ENOUGH_MEMORY: 'ENOMEM',
  ERROR_NOT_FOUND: 'ENOENT',
  ERROR_NOT_SUPPORTED: 'ENOTSUP',
  ERROR_NO_DATA: 'EPIPE',
  ERROR_OPERATION_ABORTED: 'ECANCELED',
  ERROR_OUTOFMEMORY: 'ENOMEM',
  ERROR_PATH_NOT_FOUND: 'ENOENT',
  ERROR_PIPE_BUSY: 'EBUSY',
  ERROR_PIPE_NOT_CONNECTED: 'EPIPE',
  ERROR_PRIVILEGE_NOT_HELD: 'EPERM',
  ERROR_SEM_TIMEOUT: 'ETIMEDOUT',
  ERROR_SHARING_VIOLATION: 'EBUSY',
  ERROR_TOO_MANY_OPEN_FILES: 'EMFILE',
  WSAECANCELLED: 'ECANCELED',
  WSAEINTR: 'ECANCELED',
  WSAENETRESET: 'ECONNRESET',
  WSAEOPNOTSUPP: 'ENOTSUP',
  WSAEPFNOSUPPORT: 'EINVAL',
  WSAESHUTDOWN: 'EPIPE',
}

windows('errors of Windows have the numbers that Node has names for (Windows)', (t) => {
  const table = readFileSync('crates/core/src/error/windows.rs', 'utf8')
  const rows = [...table.matchAll(/\(win(?:sock|32)::(\w+)(?: as i32)?, (-\d+)\)/g)]
  t.true(rows.length > 50)
  const known = getSystemErrorMap()
  for (const [, name = '', number] of rows) {
    t.is(known.get(Number(number))?.[0], nameOf[name] ?? name.replace(/^WSA/, ''), name)
  }
  const named = new Set(rows.map(([, name]) => name))
  t.deepEqual(
    Object.keys(nameOf).filter((name) => !named.has(name)),
    [],
  )
})

test('a number that nobody knows is still an error with a code', (t) => {
  t.like(failure(-9999, 'read'), { code: 'UNKNOWN', errno: -9999, syscall: 'read' })
})
