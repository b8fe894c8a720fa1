/** A PostgreSQL of one database without passwords, by TCP, TLS, and a Unix socket in its folder. */
import path from 'node:path'
import { certify } from './certificate.ts'
import { host, start, type Server } from './server.ts'

export const user = 'test'

export const postgresTools = ['postgres', 'initdb', 'openssl'] as const

export interface Postgres extends Server {
  /** The authority of its certificate, as PEM. */
  readonly ca: string
}

export async function startPostgres(): Promise<Postgres> {
  let ca = ''
  const server = await start({
    command: 'postgres',
    user: 'postgres',
    ready: /database system is ready to accept connections/,
    async prepare({ folder, run }) {
      ;({ pem: ca } = await certify(folder, run))
      const data = ['-D', path.join(folder, 'data'), '--no-sync']
      await run('initdb', [...data, '-A', 'trust', '-U', user, '-E', 'UTF8', '--locale=C'])
    },
    args: (port, folder) => [
      '-D',
      path.join(folder, 'data'),
      ...Object.entries({
        listen_addresses: host,
        port: `${port}`,
        unix_socket_directories: folder,
        max_connections: '40',
        fsync: 'off',
        ssl: 'on',
        ssl_cert_file: path.join(folder, 'cert.pem'),
        ssl_key_file: path.join(folder, 'key.pem'),
      }).map(([name, value]) => `--${name}=${value}`),
    ],
  })
  return { ...server, ca }
}
