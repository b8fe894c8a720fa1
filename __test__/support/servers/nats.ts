/** A NATS server of one user, who may do everything but one thing. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { host, start, type Server } from './server.ts'

export const user = 'test'
export const password = 'secret'
export const forbidden = 'forbidden'

export const natsTools = ['nats-server'] as const

export async function startNats(): Promise<Server> {
  return start({
    command: 'nats-server',
    ready: /Server is ready/,
    args(port, folder) {
      const file = path.join(folder, 'nats.conf')
      const permissions = `{ publish: { deny: "${forbidden}" }, subscribe: { deny: "${forbidden}" } }`
      const users = `[{ user: ${user}, password: ${password}, permissions: ${permissions} }]`
      writeFileSync(file, `authorization { users: ${users} }\n`)
      return ['--addr', host, '--port', `${port}`, '--config', file]
    },
  })
}
