import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { packPlatform, packRoot } from '../../scripts/pack.js'
import { binaryName, type Target, targets } from '../../scripts/platform-packages.js'

/** A registry of verdaccio's in a process of its own, with an account that may publish. */
export class NpmRegistry {
  /** What clients of npm need in their environment to use this registry and nothing of their user's. */
  readonly env: NodeJS.ProcessEnv

  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
    token: string,
  ) {
    const config = join(folder, 'npmrc')
    const host = url.replace('http:', '')
    writeFileSync(config, `registry=${url}\n${host}:_authToken=${token}\n`)
    this.env = {
      npm_config_userconfig: config,
      npm_config_registry: url,
      npm_config_cache: join(folder, 'npm'),
      NPM_CONFIG_REGISTRY: url,
      YARN_NPM_REGISTRY_SERVER: url,
      YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
      YARN_ENABLE_TELEMETRY: '0',
      // In CI it would change no lock file, and here there is none yet.
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_GLOBAL_FOLDER: join(folder, 'yarn'),
      YARN_CACHE_FOLDER: join(folder, 'yarn-cache'),
      BUN_INSTALL_CACHE_DIR: join(folder, 'bun'),
      DENO_DIR: join(folder, 'deno'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_STATE_HOME: join(folder, 'state'),
    }
  }

  /** Verdaccio needs a newer Node than this package. */
  static async start(node: string, modules: string): Promise<NpmRegistry> {
    const folder = mkdtempSync(join(tmpdir(), 'mio-js-registry-'))
    const program = fileURLToPath(new URL('../programs/verdaccio.js', import.meta.url))
    const child = spawn(node, [program, modules, folder], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })
    const port = await Promise.race([
      once(lines, 'line').then(([line]) => Number(line)),
      once(child, 'exit').then(([code]) => {
        throw new Error(`verdaccio ended with ${code}`)
      }),
    ])
    lines.close()
    const url = `http://127.0.0.1:${port}/`
    const response = await fetch(`${url}-/user/org.couchdb.user:publisher`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ name: 'publisher', password: 'only for this test' }),
    })
    const { token } = (await response.json()) as { token: string }
    return new NpmRegistry(url, folder, child, token)
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return
    const ended = once(this.child, 'close')
    this.child.stdin?.end()
    await ended
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs the script by which releases are published. */
  publish(directory: string, ...flags: string[]): ReturnType<typeof spawnSync> {
    const args = ['build/scripts/publish.js', directory, '--registry', this.url, ...flags]
    return spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...process.env, ...this.env },
    })
  }
}

/**
 * All tarballs of a release. Of other platforms they hold no binary, but something that no system
 * would load.
 */
export function packRelease(directory: string, here: Target): void {
  const nothing = join(directory, 'no-binary')
  for (const target of targets()) {
    const own = target.tuple === here.tuple
    if (!own) writeFileSync(nothing, target.tuple)
    packPlatform(directory, target, own ? binaryName(target) : nothing)
  }
  rmSync(nothing, { force: true })
  packRoot(directory)
}
