// Makes a fresh clone ready to build: checks for Rust, installs npm packages if they are missing or
// older than the lock file; those of the folders that are named as well (`docs` has its own).
//
// Plain JavaScript, because nothing that could compile TypeScript is installed when it runs. Rust is
// checked first, so that nothing half-built is left where it is missing.
// @ts-check
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

const root = new URL('../', import.meta.url)

/** The floor of Cargo.toml, as numbers. */
function floor() {
  const manifest = readFileSync(new URL('Cargo.toml', root), 'utf8')
  const version = /^rust-version = "(.+)"$/m.exec(manifest)?.[1]
  if (version === undefined) throw new Error('Cargo.toml has no rust-version')
  return version
}

/**
 * @param {string} version
 * @param {string} minimum
 */
function isOlder(version, minimum) {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number))
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function checkRust() {
  const { stdout } = spawnSync('rustc', ['--version'], { encoding: 'utf8' })
  const version = /^rustc (\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1]
  const cargo = spawnSync('cargo', ['--version'])
  const found = version === undefined || cargo.status !== 0 ? 'none' : version
  if (found !== 'none' && !isOlder(found, floor())) return
  console.error(
    `error: mio-js needs Rust ${floor()} or newer to build (found: ${found}); install it with rustup, see rust-lang.org/tools/install`,
  )
  process.exit(1)
}

/** @param {string} path */
function modified(path) {
  try {
    return statSync(new URL(path, root)).mtimeMs
  } catch {
    return -1
  }
}

/** @param {string} folder */
function installPackages(folder) {
  // npm writes this file at the end of every install.
  if (
    modified(`${folder}node_modules/.package-lock.json`) >= modified(`${folder}package-lock.json`)
  )
    return
  const npm = process.env['npm_execpath']
  const [command, ...args] = npm === undefined ? ['npm', 'ci'] : [process.execPath, npm, 'ci']
  const { status } = spawnSync(command ?? 'npm', args, {
    cwd: new URL(folder, root),
    // No package of ours needs its install script.
    env: { ...process.env, npm_config_ignore_scripts: 'true' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
}

checkRust()
for (const folder of ['./', ...process.argv.slice(2).map((name) => `${name}/`)])
  installPackages(folder)
