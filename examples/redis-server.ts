/**
 * A Redis server in memory, on the operating system's readiness polling: one thread, one poll, every
 * connection of it. `PORT` and `HOST` say where it listens; SIGINT and SIGTERM stop it.
 */
import { codeOf } from './redis/errors.ts'
import { Server } from './redis/server.ts'
import { readSettings, SettingsError, type Settings } from './redis/settings.ts'
import { StatusLine } from './redis/status-line.ts'
import { StopRequest } from './redis/stop-request.ts'

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const server = listen(settings)
  const { address } = server

  // A reader of the output that has gone, as in `… | head -1`, is no reason to stop serving.
  process.stdout.on('error', () => {})
  console.log(`listening on ${address}`)
  console.log(`try: redis-cli -h ${address.address} -p ${address.port} ping`)

  const stopping = new StopRequest()
  const status = new StatusLine(server.counters, (text) => process.stdout.write(text))
  if (process.stdout.isTTY) status.start()
  try {
    await server.run(stopping.signal)
  } finally {
    status.stop()
    stopping.dispose()
  }
  console.log('stopped')
}

function listen({ host, port }: Settings): Server {
  try {
    return Server.listen(host, port)
  } catch (error) {
    const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    const code = codeOf(error)
    switch (code) {
      case 'EADDRINUSE':
        throw new SettingsError(`${place} is in use (EADDRINUSE); set PORT to another one`)
      case 'EACCES':
        throw new SettingsError(`no permission to use ${place} (EACCES); set PORT to another one`)
      case 'EADDRNOTAVAIL':
      case 'EAFNOSUPPORT':
        throw new SettingsError(
          `${host} is not an address of this machine (${code}); set HOST to another one`,
        )
      default:
        throw error
    }
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof SettingsError)) throw error
  console.error(`error: ${error.message}`)
  process.exitCode = 1
}
