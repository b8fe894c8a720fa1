import { isIP } from 'node:net'

const DEFAULT_HOST = '127.0.0.1'
/** Next to 6379, the port of a real Redis, which may be running. */
const DEFAULT_PORT = 7379

export interface Settings {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** A setting that cannot be used; the message is for the person who made it. */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

/** Reads HOST and PORT; throws a SettingsError. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const host = environment['HOST'] ?? DEFAULT_HOST
  if (isIP(host) === 0) {
    throw new SettingsError(`HOST must be an IP address such as 127.0.0.1 or ::1, not '${host}'`)
  }
  const port = environment['PORT'] ?? String(DEFAULT_PORT)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new SettingsError(`PORT must be a whole number from 0 to 65535, not '${port}'`)
  }
  return { host, port: Number(port) }
}
