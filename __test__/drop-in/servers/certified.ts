import { readFileSync } from 'node:fs'
import process from 'node:process'

/** What servers of TLS are made with: the files that the environment names. */
export function certified(): { cert: Buffer; key: Buffer } {
  const { CERTIFICATE: cert = '', KEY: key = '' } = process.env
  return { cert: readFileSync(cert), key: readFileSync(key) }
}
