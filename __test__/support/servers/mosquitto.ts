/** A broker of MQTT that one user may use. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { host, start, type Server } from './server.ts'

export const username = 'test'
export const password = 'secret'

export const mosquittoTools = ['mosquitto', 'mosquitto_passwd'] as const

export async function startMosquitto(): Promise<Server> {
  return start({
    command: 'mosquitto',
    user: 'mosquitto',
    ready: /mosquitto version .* running/,
    async prepare({ folder, run }) {
      await run('mosquitto_passwd', ['-b', '-c', path.join(folder, 'users'), username, password])
    },
    args(port, folder) {
      const file = path.join(folder, 'mosquitto.conf')
      const lines = [
        `listener ${port} ${host}`,
        `password_file ${path.join(folder, 'users')}`,
        'persistence false',
        // No client must wait for others before it sends more.
        'max_inflight_messages 0',
        'max_queued_messages 0',
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      return ['-c', file]
    },
  })
}
