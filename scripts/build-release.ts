/**
 * Builds the binary of one platform as it is published, checks it, and puts it into a folder.
 *
 * Linux and FreeBSD are built from any system by zig, whose linker is told the glibc to link with;
 * a host's own linker would take the host's, which older systems do not have. macOS and Windows are
 * built where their own tools are, with the oldest macOS that Rust supports, and without the runtime
 * of Visual C++, which a clean Windows lacks.
 *
 * usage: npm run build:release -- TARGET [DIR]
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { glibcFloor, problemsOf } from './inspection.js'
import { binaryName, targets } from './platform-packages.js'

const [triple, directory = 'binaries'] = process.argv.slice(2)
const target = targets().find((one) => one.triple === triple)
if (target === undefined) {
  console.error('usage: npm run build:release -- TARGET [DIR]')
  console.error(
    `targets: ${targets()
      .map((one) => one.triple)
      .join(' ')}`,
  )
  process.exit(2)
}

const { libc, os } = target
const usesZig = os === 'linux' || os === 'freebsd'
const linked = libc === 'glibc' ? `${target.triple}.${glibcFloor(target)}` : target.triple
// Flags in the environment would replace those of .cargo/config.toml, which are part of the release.
const { RUSTFLAGS: _flags, CARGO_ENCODED_RUSTFLAGS: _encoded, ...inherited } = process.env
const env = { ...inherited, ...(os === 'darwin' ? { MACOSX_DEPLOYMENT_TARGET: '11.0' } : {}) }
const args = [usesZig ? 'zigbuild' : 'build', '--release', '--locked']
const options = ['--package', 'mio-js-binding', '--target', linked]
const { status } = spawnSync('cargo', [...args, ...options], { env, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const libraries: Record<string, string> = {
  darwin: 'libmio_js_binding.dylib',
  win32: 'mio_js_binding.dll',
}
const built = join(
  process.env['CARGO_TARGET_DIR'] ?? 'target',
  target.triple,
  'release',
  libraries[os] ?? 'libmio_js_binding.so',
)
const problems = problemsOf(readFileSync(built), target)
for (const problem of problems) console.error(`${built}: ${problem}`)
if (problems.length > 0) process.exit(1)
mkdirSync(directory, { recursive: true })
copyFileSync(built, join(directory, binaryName(target)))
