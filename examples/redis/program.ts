import type { Counters } from './command.ts'
import { codeOf } from './errors.ts'
import { readSettings, SettingsError, type Settings } from './settings.ts'
import { StatusLine } from './status-line.ts'
import { StopRequest } from './stop-request.ts'

/** What listens already, and serves until it is told to stop. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  readonly counters: Counters
  /** Resolves when everything is closed; rejects when it cannot go on. */
  run(signal: AbortSignal): Promise<void>
}

/** Listens; throws the system's error, with its `code`. */
export type Listen = (host: string, port: number) => RedisServer

/** From the environment to the exit code: all of the program that is not the server itself. */
export async function runProgram(listen: Listen): Promise<void> {
  try {
    await serve(listenAt(readSettings(process.env), listen))
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    console.error(`error: ${error.message}`)
    process.exitCode = 1
  }
}

async function serve(server: RedisServer): Promise<void> {
  const { host, port } = server
  // A reader of the output that has gone, as in `… | head -1`, is no reason to stop serving.
  process.stdout.on('error', () => {})
  console.log(`listening on ${place(host, port)}`)
  console.log(`try: redis-cli -h ${host} -p ${port} ping`)

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

function listenAt({ host, port }: Settings, listen: Listen): RedisServer {
  try {
    return listen(host, port)
  } catch (error) {
    const code = codeOf(error)
    switch (code) {
      case 'EADDRINUSE':
        throw new SettingsError(
          `${place(host, port)} is in use (EADDRINUSE); set PORT to another one`,
        )
      case 'EACCES':
        throw new SettingsError(
          `no permission to use ${place(host, port)} (EACCES); set PORT to another one`,
        )
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

function place(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
