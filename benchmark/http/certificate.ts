/** A key and a certificate for `localhost`, which nobody else knows. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'mio-js-benchmark-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** The folder with `key.pem` and `cert.pem`, or `null` if `openssl` is missing or fails. */
export function certificate(): string | null {
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const args = ['req', '-x509', '-batch', '-subj', '/CN=localhost', '-days', '30', ...key, ...files]
  return spawnSync('openssl', args).status === 0 ? folder : null
}
