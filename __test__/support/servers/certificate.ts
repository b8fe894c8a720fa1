/** Certificates that are made for a test: an authority of one server. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

export interface Certificate {
  /** Paths of files, as PEM. The certificate is its own authority. */
  readonly cert: string
  readonly key: string
  readonly pem: string
}

/** For `localhost` and both loopback addresses. */
export async function certify(
  folder: string,
  run: (command: string, args: readonly string[]) => Promise<unknown> = promisify(execFile),
): Promise<Certificate> {
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  const what = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
  const who = ['-subj', '/CN=localhost', '-addext', names]
  await run('openssl', [...what.split(' '), ...who, '-keyout', key, '-out', cert])
  return { cert, key, pem: readFileSync(cert, 'utf8') }
}
