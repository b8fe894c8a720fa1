/** A MariaDB whose superuser has a password, by TCP and TLS. */
import path from 'node:path'
import { writeFileSync } from 'node:fs'
import { certify } from './certificate.ts'
import { host, start, type Server } from './server.ts'

export const user = 'test'
export const password = 'secret'
export const database = 'test'

export const mariadbTools = ['mariadbd', 'mariadb-install-db', 'openssl'] as const

export interface Mariadb extends Server {
  /** The authority of its certificate, as PEM. */
  readonly ca: string
}

export async function startMariadb(): Promise<Mariadb> {
  let ca = ''
  const server = await start({
    command: 'mariadbd',
    user: 'mysql',
    ready: /ready for connections/,
    async prepare({ folder, run }) {
      ;({ pem: ca } = await certify(folder, run))
      const init = path.join(folder, 'init.sql')
      writeFileSync(
        init,
        `CREATE DATABASE ${database} CHARACTER SET utf8mb4;
         CREATE USER ${user}@'%' IDENTIFIED BY '${password}';
         GRANT ALL ON *.* TO ${user}@'%';`,
      )
      const data = ['--no-defaults', `--datadir=${path.join(folder, 'data')}`]
      const how = ['--auth-root-authentication-method=normal', '--skip-test-db']
      await run('mariadb-install-db', [...data, ...how, '--skip-name-resolve'])
    },
    args: (port, folder) => [
      '--no-defaults',
      ...Object.entries({
        datadir: path.join(folder, 'data'),
        socket: path.join(folder, 'socket'),
        'pid-file': path.join(folder, 'pid'),
        'init-file': path.join(folder, 'init.sql'),
        'bind-address': host,
        port: `${port}`,
        'ssl-cert': path.join(folder, 'cert.pem'),
        'ssl-key': path.join(folder, 'key.pem'),
        'max-allowed-packet': '32M',
        'innodb-flush-log-at-trx-commit': '0',
        'innodb-buffer-pool-size': '32M',
        'skip-name-resolve': 'ON',
      }).map(([name, value]) => `--${name}=${value}`),
    ],
  })
  return { ...server, ca }
}
