import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import coreHttp from 'node:http'
import coreHttps from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { cert, key } from '../support/certificate.js'
import { answer } from '../support/http.js'
import '../support/census.js'
import { served, servedNatively } from '../support/platforms.js'
import { Sample, samplesOf } from '../support/sample.js'

const [hello, native] = samplesOf('docs/http.md')
const host = '127.0.0.1'

served('the server of the page says hello', async (t) => {
  const port = await new Sample(t, hello).port()
  const { body } = await answer(coreHttp.get({ port, host, path: '/page', agent: false }))
  t.is(body, 'hello from /page\n')
})

servedNatively('the secure server of the page, on sockets of core, says hello', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-certificate-'))
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  const sample = new Sample(t, native, { TLS_CERT: certFile, TLS_KEY: keyFile })
  const port = await sample.port()
  const { body } = await answer(coreHttps.get({ port, host, ca: cert, agent: false }))
  t.is(body, 'hello\n')
})
