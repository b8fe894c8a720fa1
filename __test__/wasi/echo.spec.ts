/**
 * The core on WASI, by its example `inherited_echo`: an event loop of mio's, on a listener that the
 * process inherits as systemd passes them. The same on Unix, of which WASI has a part.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import test from 'ava'
import { TcpListener } from 'mio-js'
import { buildExample, wasmtime } from '../../scripts/cross/wasi.js'
import { isComplete, where } from '../support/platforms.js'
import '../support/census.js'

// The package with wasmtime has a binary for this platform, among a few others.
const isHere = process.platform === 'linux' && process.arch === 'x64'
const linux = where(isHere || isComplete, 'Linux x64: wasmtime is a package for it')

const name = 'inherited_echo'
let [module, runtime] = ['', '']

test.before('compiles the example, and installs wasmtime', (t) => {
  t.timeout(300_000)
  if (!isHere && !isComplete) return
  const args = ['build', '--locked', '--package', 'mio-js-core', '--example', name]
  t.is(spawnSync('cargo', args, { stdio: ['ignore', 2, 2] }).status, 0)
  module = buildExample(name)
  runtime = wasmtime()
  t.regex(spawnSync(runtime, ['--version'], { encoding: 'utf8' }).stdout, /^wasmtime \d/)
})

/** Arguments that let a program inherit what systemd's protocol names. */
const inheriting = ['run', '-S', 'preview2=n', '-S', 'listenfd=y']

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command with a listener as its descriptor 3, which is closed here. */
function serve(listener: TcpListener, command: readonly string[]): Promise<Outcome> {
  // The shell knows the number that the process will have.
  const script = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
  const child = spawn('sh', ['-c', script, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', listener.asRawFd()],
    timeout: 60_000,
  })
  listener.close()
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const { stdout, stderr } = child as ChildProcessByStdio<null, Readable, Readable>
  return Promise.all([ended, text(stdout), text(stderr)]).then(([code, out, err]) => ({
    code,
    stdout: out,
    stderr: err,
  }))
}

/** Sends so many bytes and a FIN; what comes back. */
async function echo(port: number, size: number): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  socket.end(Buffer.alloc(size, `${size}.`))
  return await buffer(socket)
}

/** More than the buffers of a connection hold, so that both directions block. */
const sizes = [1, 300_000, 3_000_000]

for (const { title, command } of [
  { title: 'on WASI', command: () => [runtime, ...inheriting, module] },
  {
    title: 'on Unix',
    command: () => [join(process.env['CARGO_TARGET_DIR'] ?? 'target', 'debug/examples', name)],
  },
]) {
  linux(
    `${title} the core serves a listener that it inherits, many connections at once`,
    async (t) => {
      if (title === 'on Unix') {
        const args = ['build', '--locked', '--package', 'mio-js-core', '--example', name]
        t.is(spawnSync('cargo', args, { stdio: ['ignore', 2, 2] }).status, 0)
      }
      const listener = TcpListener.bind('127.0.0.1:0')
      const { port } = listener.localAddr()
      const outcome = serve(listener, [...command(), String(sizes.length)])
      const echoed = await Promise.all(sizes.map((size) => echo(port, size)))
      for (const [index, size] of sizes.entries()) {
        t.true(echoed[index]?.equals(Buffer.alloc(size, `${size}.`)), `${size} bytes`)
      }
      const total = sizes.reduce((sum, size) => sum + size, 0)
      t.deepEqual(await outcome, { code: 0, stdout: `echoed ${total} bytes\n`, stderr: '' })
    },
  )
}

linux('on WASI a descriptor that is no socket, or is not open, is refused', (t) => {
  const run = (args: readonly string[]): string => {
    const { status, stderr } = spawnSync(runtime, ['run', '-S', 'preview2=n', ...args, module], {
      encoding: 'utf8',
    })
    t.is(status, 1)
    return stderr
  }
  t.regex(run([]), /^Io\(Os \{ code: 8,/) // EBADF, by WASI's number
  t.is(run(['--dir', '__test__']), 'Misuse(DescriptorType)\n')
})
