/**
 * Packages of Debian, of any suite and architecture, unpacked into the cache: nothing of the machine
 * changes, nobody must be root, and no foreign code runs. They come from where apt gets Debian's
 * packages on this machine, or from the URI in `MIO_JS_DEBIAN`.
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { cachePath, installOnce } from '../cache.js'
import { run } from './run.js'

export interface DebianPackages {
  /** In which they are looked for, one after the other: a mirror may lack some of one. */
  readonly suites: readonly string[]
  /** As Debian calls it. */
  readonly architecture: string
  readonly packages: readonly string[]
  /** Whether what they need is unpacked as well, up to the C library. */
  readonly complete?: boolean
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** A folder that is the root of a file system with the packages; unpacks them if it is not there. */
export function unpackDebian(wanted: DebianPackages): string {
  const { architecture, packages } = wanted
  const hash = createHash('sha256').update(JSON.stringify(wanted)).digest('hex').slice(0, 8)
  const name = `debian-${packages[0]}-${architecture}-${hash}`
  return installOnce(cachePath('platforms', name), (stage) => {
    const problems: string[] = []
    for (const suite of wanted.suites) {
      const folder = join(stage, 'apt', suite)
      try {
        unpack(download(folder, suite, wanted), stage)
        run('rm', ['-r', join(stage, 'apt')])
        return
      } catch (error) {
        problems.push((error as Error).message)
      }
    }
    throw new Error(`Debian's packages for ${architecture}: ${problems.join('\n')}`)
  })
}

/** The packages of one suite, as files. */
function download(folder: string, suite: string, wanted: DebianPackages): string[] {
  const { architecture, complete = false, packages } = wanted
  const options = aptOptions(folder, suite, architecture)
  run('apt-get', [...options, 'update'])
  const files = join(folder, 'archives')
  if (complete) {
    const flags = ['--no-install-recommends', '--download-only', '--yes']
    run('apt-get', [...options, ...flags, 'install', ...packages])
  } else {
    run('apt-get', [...options, 'download', ...packages], { cwd: files })
  }
  return readdirSync(files)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(files, name))
}

/** Has apt work in a folder of its own, as if it were a machine of this architecture without packages. */
function aptOptions(folder: string, suite: string, architecture: string): string[] {
  for (const name of ['lists/partial', 'archives/partial']) {
    mkdirSync(join(folder, name), { recursive: true })
  }
  const at = (name: string): string => resolve(folder, name)
  const signed = existsSync(keyring) ? `Signed-By: ${keyring}\n` : ''
  writeFileSync(
    at('debian.sources'),
    `Types: deb\nURIs: ${mirror()}\nSuites: ${suite}\nComponents: main\n${signed}`,
  )
  writeFileSync(at('status'), '')
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Debug::NoLocking': '1',
    'Dir::Cache::archives': at('archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Dir::Etc::sourcelist': at('debian.sources'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': at('lists'),
    'Dir::State::status': at('status'),
  }
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}

/** Where this machine gets Debian's packages. */
function mirror(): string {
  const given = process.env['MIO_JS_DEBIAN']
  if (given !== undefined && given !== '') return given
  const uris = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])
  const uri = uris.split('\n').find((line) => /\/debian\/?$/.test(line))
  if (uri !== undefined) return uri
  throw new Error('apt gets no packages of Debian here, and MIO_JS_DEBIAN does not say from where')
}

function unpack(files: readonly string[], root: string): void {
  for (const file of files) run('dpkg-deb', ['--extract', file, root])
  // Debian's file systems have these links, which no package has that is unpacked here.
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    if (!existsSync(join(root, 'usr', name)) || exists(join(root, name))) continue
    symlinkSync(join('usr', name), join(root, name))
  }
}

function exists(path: string): boolean {
  try {
    readlinkSync(path)
    return true
  } catch {
    return existsSync(path)
  }
}
