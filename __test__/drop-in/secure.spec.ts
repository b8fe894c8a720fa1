import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { where } from '../support/platforms.ts'
import { declareExample, endedWell, example, Program } from '../support/scenario.ts'
import { type Certificate, certify } from '../support/servers/certificate.ts'
import { missingOf, runTool } from '../support/servers/tools.ts'
import '../support/census.ts'
import { bytes, lengthOfBytes } from './servers/routes.ts'

const MIB = 1024 * 1024
const doors = ['mio-js/http', 'register']
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

const missing = missingOf('openssl', 'curl', 'nghttp', 'h2load')
const secure = where(missing === undefined, `${missing}`)

let folder: string
let certificate: Certificate

test.before('make a certificate', async () => {
  if (missing !== undefined) return
  folder = mkdtempSync(path.join(tmpdir(), 'mio-js-'))
  certificate = await certify(folder)
})

test.after.always('remove it', () => {
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

/** A server for one test, which is over when the server has ended by itself. */
async function served(
  t: ExecutionContext,
  name: string,
  door: string,
  use: (base: string) => Promise<void>,
): Promise<void> {
  const file = path.resolve('build/__test__/programs/drop-in-server.js')
  const program = new Program(file, [name, door], {
    isRegistered: door === 'register',
    // By itself the preload lets core carry TLS.
    env: { MIO_JS_REGISTER: 'tls', CERTIFICATE: certificate.cert, KEY: certificate.key },
  })
  const port = await program.port()
  await use(`${name === 'http2-plain' ? 'http' : 'https'}://localhost:${port}`)
  program.stop()
  await program.says(/^closed$/m)
  endedWell(t, await program.ended())
}

/** curl, which trusts the certificate, and connects by IPv4. */
async function curl(args: readonly string[], input?: Uint8Array): ReturnType<typeof runTool> {
  return runTool('curl', ['-sS', '-4', '--cacert', certificate.cert, ...args], input)
}

/** What curl has to say of any server that it can talk to. */
async function curlTalks(t: ExecutionContext, base: string, version: string[]): Promise<void> {
  const body = randomBytes(4 * MIB)
  const upload = ['-w', ' %{http_code}', '--data-binary', '@-', `${base}/hash`]
  const sent = await curl([...version, ...upload], body)
  t.deepEqual(sent, { code: 0, stdout: `${body.length} ${sha256(body)} 200`, stderr: '' })
  const each = ['-o', '/dev/null', '-w', '%{num_connects} %{size_download}\n']
  // Not the version of Debian 12, whose second request without TLS is told to be wrong by nghttp2.
  const others = version.includes('--http2-prior-knowledge') ? 0 : 2
  const urls = [`${base}/bytes`, ...Array.from({ length: others }, () => `${base}/text`)]
  const { stdout } = await curl([...version, ...urls.flatMap((url) => [...each, url])])
  t.is(stdout, `1 ${lengthOfBytes}\n${'0 5\n'.repeat(others)}`)
  const cut = await curl([...version, '-o', '/dev/null', `${base}/cut`])
  t.not(cut.code, 0)
  t.is((await curl([...version, `${base}/nowhere`])).stdout, 'not found')
}

declareExample('http2', 'hello from /0, hello from /1, hello from /2', () => ({}))

secure('the example https does what it says', async (t) => {
  const { cert: TLS_CERT, key: TLS_KEY } = certificate
  const program = example('https', { env: { TLS_CERT, TLS_KEY, PORT: '0' } })
  const { stdout } = await curl([`https://127.0.0.1:${await program.port()}/page`])
  t.is(stdout, 'hello from /page\n')
  program.stop()
  const { code, stderr } = await program.ended()
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})

for (const door of doors) {
  secure(`https by ${door}: curl talks to it`, async (t) => {
    await served(t, 'https', door, async (base) => {
      await curlTalks(t, base, ['--http1.1'])
      await curlTalks(t, base, ['--http1.1', '--tls-max', '1.2'])
    })
  })

  secure(`https by ${door}: many clients of Node's send and get bodies at once`, async (t) => {
    await served(t, 'https', door, async (base) => {
      const agent = new https.Agent({ keepAlive: true, ca: certificate.pem, maxSockets: 8 })
      const bodies = Array.from({ length: 40 }, (_, i) => randomBytes(i * 20_000))
      await Promise.all(
        bodies.map(async (body) => {
          const request = https.request(`${base}/echo`, { agent, method: 'POST', family: 4 })
          request.end(body)
          const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
          t.true((await buffer(response)).equals(body))
        }),
      )
      agent.destroy()
    })
  })

  secure(`https by ${door}: who does not trust it is no trouble for others`, async (t) => {
    await served(t, 'https', door, async (base) => {
      for (let i = 0; i < 5; i += 1) {
        const error = await t.throwsAsync(
          once(https.get(base, { agent: false, family: 4 }), 'response'),
        )
        t.is((error as NodeJS.ErrnoException).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
      }
      t.is((await curl([`${base}/text`])).stdout, 'hello')
    })
  })

  for (const [name, version] of [
    ['http2', '--http2'],
    ['http2-plain', '--http2-prior-knowledge'],
  ] as const) {
    secure(`${name} by ${door}: curl and nghttp talk to it`, async (t) => {
      await served(t, name, door, async (base) => {
        await curlTalks(t, base, [version])
        if (name === 'http2') await curlTalks(t, base, ['--http1.1'])
        const many = Array.from({ length: 20 }, () => `${base}/text`)
        const { code, stdout } = await runTool('nghttp', ['--stat', '--null-out', ...many])
        t.is(code, 0, stdout)
        const load = ['-n', '2000', '-c', '8', '-m', '16', `${base}/text`]
        const loaded = await runTool('h2load', load)
        t.regex(loaded.stdout, /2000 succeeded, 0 failed, 0 errored, 0 timeout/)
        t.regex(loaded.stdout, /status codes: 2000 2xx/)
      })
    })

    secure(`${name} by ${door}: streams of one session do not wait for each other`, async (t) => {
      await served(t, name, door, async (base) => {
        const session = http2.connect(base.replace('localhost', '127.0.0.1'), {
          ca: certificate.pem,
        })
        const slow = session.request({ ':path': '/bytes' }) // nobody reads it yet
        const endless = session.request({ ':path': '/endless' })
        const echoes = await Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            const stream = session.request({ ':path': '/echo', ':method': 'POST' })
            stream.end(`${i}`)
            return text(stream)
          }),
        )
        t.deepEqual(
          echoes,
          Array.from({ length: 50 }, (_, i) => `${i}`),
        )
        endless.close(http2.constants.NGHTTP2_CANCEL)
        await once(endless, 'close')
        t.true((await buffer(slow)).equals(bytes(lengthOfBytes)))
        session.close()
        await once(session, 'close')
      })
    })
  }
}
