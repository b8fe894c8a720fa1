/** Servers of Node's own, on Node's own sockets, for clients that are on ours. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'ava'
import { certify } from './certificate.ts'
import { host } from './server.ts'

export interface CoreHttp {
  readonly port: number
  readonly securePort: number
  /** The authority of the certificate: as PEM, and the path of its file. */
  readonly ca: string
  readonly caFile: string
}

const servers: Server[] = []
const folders: string[] = []

test.after.always('stop the servers of HTTP', async () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  for (const folder of folders) rmSync(folder, { recursive: true })
})

async function portOf(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function startCoreHttp(answer: RequestListener): Promise<CoreHttp> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-server-'))
  folders.push(folder)
  const { cert: caFile, key, pem: ca } = await certify(folder)
  const secure = createSecureServer({ cert: ca, key: readFileSync(key) }, answer)
  return {
    port: await portOf(createServer(answer)),
    securePort: await portOf(secure),
    ca,
    caFile,
  }
}
