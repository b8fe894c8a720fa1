import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { readTarball } from '../../scripts/tarball.js'
import '../support/census.js'

interface Packument {
  name: string
  versions: Record<string, unknown>
  'dist-tags': Record<string, string>
}

/** As much of a registry as publishing needs, and a folder with a release. */
class Registry {
  readonly folder = mkdtempSync(join(tmpdir(), 'mio-js-publish-'))
  readonly packages = new Map<string, Packument>()
  /** Names and tags, in the order in which they were published. */
  readonly published: string[] = []
  private readonly server = createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname.slice(1))
    const known = this.packages.get(name)
    if (request.method === 'PUT') {
      const sent = JSON.parse(await text(request)) as Packument
      const versions = { ...known?.versions, ...sent.versions }
      this.packages.set(name, { ...sent, versions })
      this.published.push(`${name} ${Object.keys(sent['dist-tags']).join()}`)
    }
    const found = request.method === 'PUT' ? {} : known
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { error: 'not found' }))
  })

  static async open(t: ExecutionContext): Promise<Registry> {
    const registry = new Registry()
    await new Promise<void>((resolve) => registry.server.listen(0, '127.0.0.1', resolve))
    t.teardown(async () => {
      registry.server.closeAllConnections()
      await new Promise((resolve) => registry.server.close(resolve))
      rmSync(registry.folder, { recursive: true })
    })
    return registry
  }

  /** A tarball with nothing in it but a manifest. */
  add(manifest: { name: string; [key: string]: unknown }): void {
    const contents = Buffer.from(JSON.stringify({ version: '1.2.3', ...manifest }))
    const header = Buffer.alloc(512)
    header.write('package/package.json')
    header.write('0000644\0', 100)
    header.write(`${contents.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('00000000000\0        0', 136)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    const padding = Buffer.alloc(512 - (contents.length % 512) + 1024)
    const file = `${manifest.name.replaceAll(/\W/g, '-')}.tgz`
    writeFileSync(join(this.folder, file), gzipSync(Buffer.concat([header, contents, padding])))
  }

  addRelease(version = '1.2.3'): void {
    // The root comes first by its name, and must not be published first.
    const optionalDependencies = { 'z-one': version, 'z-two': version }
    this.add({ name: 'mio-js', version, optionalDependencies })
    this.add({ name: 'z-one', version })
    this.add({ name: 'z-two', version })
  }

  async publish(...flags: string[]): Promise<{ code: number; output: string }> {
    const { port } = this.server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/`
    const config = join(this.folder, 'npmrc')
    writeFileSync(config, `//127.0.0.1:${port}/:_authToken=token\n`)
    const npm = { npm_config_userconfig: config, npm_config_cache: join(this.folder, 'cache') }
    const args = ['build/scripts/publish.js', this.folder, '--registry', url, ...flags]
    return new Promise((resolve) => {
      const env = { ...process.env, ...npm, npm_config_update_notifier: 'false' }
      const child = execFile(process.execPath, args, { env }, (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? 1, output: `${stdout}${stderr}` })
      })
    })
  }
}

test('the root is published last, and what is published is left', async (t) => {
  const registry = await Registry.open(t)
  registry.addRelease()
  const first = await registry.publish()
  t.is(first.code, 0, first.output)
  t.deepEqual(registry.published, ['z-one latest', 'z-two latest', 'mio-js latest'])

  // As after a failure between two of them.
  registry.packages.delete('mio-js')
  registry.packages.delete('z-two')
  const again = await registry.publish()
  t.is(again.code, 0, again.output)
  t.deepEqual(registry.published.slice(3), ['z-two latest', 'mio-js latest'])
  t.true(again.output.startsWith('z-one 1.2.3 is published\n'), again.output)
})

test('what is published with other contents ends it before anything is published', async (t) => {
  const registry = await Registry.open(t)
  registry.addRelease()
  t.is((await registry.publish()).code, 0)
  registry.packages.delete('z-one')
  registry.published.length = 0
  registry.add({ name: 'z-two', description: 'changed' })
  const { code, output } = await registry.publish()
  t.is(code, 1)
  t.regex(output, /z-two 1\.2\.3 is published with other contents: sha512-/)
  t.deepEqual(registry.published, [])
})

test('a dry run publishes nothing', async (t) => {
  const registry = await Registry.open(t)
  registry.addRelease()
  const { code, output } = await registry.publish('--dry-run')
  t.is(code, 0, output)
  t.regex(output, /mio-js 1\.2\.3 would be published: latest\n$/)
  t.deepEqual(registry.published, [])
})

test('a version before a release is not what everybody gets', async (t) => {
  const registry = await Registry.open(t)
  registry.addRelease('2.0.0-rc.1')
  t.is((await registry.publish()).code, 0)
  t.deepEqual(registry.published, ['z-one next', 'z-two next', 'mio-js next'])
})

test('a release that is not complete is not begun', async (t) => {
  const registry = await Registry.open(t)
  const refuse = async (reason: RegExp): Promise<void> => {
    const { code, output } = await registry.publish()
    t.is(code, 1)
    t.regex(output, reason)
    t.deepEqual(registry.published, [])
  }
  await refuse(/has no tarball of mio-js/)
  registry.addRelease()
  registry.add({ name: 'z-two', version: '1.2.4' })
  await refuse(/z-two 1\.2\.4; the root names 1\.2\.3/)
  rmSync(join(registry.folder, 'z-two.tgz'))
  await refuse(/has no tarball of z-two/)
  registry.addRelease()
  registry.add({ name: 'stranger' })
  await refuse(/stranger 1\.2\.3; the root names undefined/)
})

test('a tarball tells its manifest and its digest', async (t) => {
  const registry = await Registry.open(t)
  registry.addRelease()
  const [file = ''] = readdirSync(registry.folder)
  const tarball = readTarball(join(registry.folder, file))
  t.like(tarball, { name: 'mio-js', version: '1.2.3', optionalDependencies: { 'z-one': '1.2.3' } })
  t.regex(tarball.integrity, /^sha512-[\w+/]{86}==$/)
  writeFileSync(join(registry.folder, file), gzipSync(Buffer.alloc(1024)))
  t.throws(() => readTarball(join(registry.folder, file)), { message: /has no manifest/ })
})
