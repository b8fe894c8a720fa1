import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { cert, key } from '../support/certificate.js'
import { run } from '../support/child.js'
import { core, listening } from '../support/http.js'
import '../support/census.js'
import { served } from '../support/platforms.js'

for (const protocol of ['http', 'https'] as const) {
  served(
    `a free connection of an agent does not keep the process alive: ${protocol}`,
    async (t) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-idle-'))
      t.teardown(() => {
        rmSync(folder, { recursive: true })
      })
      const ca = path.join(folder, 'ca.pem')
      writeFileSync(ca, cert)
      const respond: RequestListener = (_request, response) => {
        response.end('answered')
      }
      const server =
        protocol === 'http'
          ? core.http.createServer(respond)
          : core.https.createServer({ cert, key }, respond)
      // Longer than the test may take: the server does not end it.
      server.keepAliveTimeout = 600_000
      const port = await listening(t, server)
      const { code, signal, stdout, stderr } = await run('http-idle', [protocol, String(port), ca])
      t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
      t.is(stdout, 'answered\n')
    },
  )
}
