import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import test from 'ava'
import { cert, key } from '../support/certificate.js'
import { alike, listening } from '../support/http.js'
import '../support/census.js'
import { isComplete } from '../support/platforms.js'

const run = promisify(execFile)
const { stdout: version } = spawnSync('curl', ['--version'], { encoding: 'utf8', timeout: 15_000 })
const isInstalled = /\bHTTP2\b/.test(version ?? '')
const missing = isInstalled || isComplete ? undefined : 'curl with HTTP/2 is not installed'

const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-curl-'))
const ca = path.join(folder, 'ca.pem')
writeFileSync(ca, cert)

test.after.always('removes its files', () => {
  rmSync(folder, { recursive: true })
})

async function curl(...args: string[]): Promise<string> {
  const { stdout } = await run('curl', ['--silent', '--show-error', '--cacert', ca, ...args])
  return stdout
}

const curled = (title: string, expected: string, scenario: Parameters<typeof alike>[2]): void => {
  alike(title, expected, scenario, missing)
}

const told = ['--write-out', ' %{http_version} %{http_code} %{num_connects}']

curled(
  'curl is answered twice on one connection',
  'first 1.1 200 1second 1.1 200 0',
  async (world, t) => {
    const server = world.http.createServer(world.server, ({ url }, response) => {
      response.end(url?.slice(1))
    })
    const url = `http://127.0.0.1:${await listening(t, server)}`
    return curl(...told, `${url}/first`, `${url}/second`)
  },
)

curled('curl sends a body when it may', 'a body 1.1 200 1', async (world, t) => {
  const server = world.http.createServer(world.server, (request, response) => {
    void text(request).then((body) => response.end(body))
  })
  const url = `http://127.0.0.1:${await listening(t, server)}`
  return curl(...told, '--header', 'Expect: 100-continue', '--data', 'a body', url)
})

curled('curl trusts a secure server', 'secure 1.1 200 1', async (world, t) => {
  const options = { ...world.server, cert, key }
  const server = world.https.createServer(options, (_request, response) => {
    response.end('secure')
  })
  return curl(...told, `https://127.0.0.1:${await listening(t, server)}`)
})

for (const [name, flag] of [
  ['in the clear', '--http2-prior-knowledge'],
  ['over TLS', '--http2'],
] as const) {
  curled(`curl speaks HTTP/2 ${name}`, 'streamed 2 200 1', async (world, t) => {
    const isSecure = flag === '--http2'
    const server = isSecure
      ? world.http2.createSecureServer({ ...world.server, cert, key })
      : world.http2.createServer(world.server)
    server.on('request', (_request: unknown, response: { end(text: string): void }) => {
      response.end('streamed')
    })
    const scheme = isSecure ? 'https' : 'http'
    return curl(...told, flag, `${scheme}://127.0.0.1:${await listening(t, server)}`)
  })
}
