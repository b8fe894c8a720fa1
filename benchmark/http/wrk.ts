/** `wrk`, the generator of requests that everybody knows. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { text } from 'node:stream/consumers'
import { type Command, Program } from '../process.js'
import { type Figures, type Settings, listening, perUnit } from '../suite/measure.js'

const CONNECTIONS = 64
/** What every server answers. */
const BODY = 'hello'
/** In microseconds; what `wrk` calls them. */
const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6 }

/** `null` if there is none. */
export function wrkVersion(): string | null {
  // It exits with 1, whatever it is asked.
  const { error, stdout } = spawnSync('wrk', ['--version'], { encoding: 'utf8' })
  return error === undefined ? (/^wrk (?:debian\/)?(\S+)/.exec(stdout)?.[1] ?? 'unknown') : null
}

/** By one thread of `wrk`. It counts in whole seconds, so one is the least. */
export async function underWrk(
  server: Command,
  scheme: 'http' | 'https',
  { seconds, warmup }: Settings,
): Promise<Figures> {
  await using running = new Program(server)
  const url = `${scheme}://${await listening(running)}/`
  await checkAnswer(url)
  await run(url, warmup)
  const before = running.cpu()
  const done = await run(url, seconds)
  return { ...perUnit(done.units, before, running.cpu()), ...done }
}

/** `wrk` does not look at what it gets, but for the status. */
async function checkAnswer(url: string): Promise<void> {
  const options = { agent: false, rejectUnauthorized: false } as const
  const request = url.startsWith('https') ? https.get(url, options) : http.get(url, options)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const body = await text(response)
  if (response.statusCode === 200 && body === BODY) return
  throw new Error(`${url} answered ${response.statusCode}: ${body}`)
}

async function run(
  url: string,
  seconds: number,
): Promise<Omit<Figures, 'mainMicros' | 'processMicros'>> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${Math.ceil(seconds)}s`, '--latency', url]
  await using wrk = new Program({ command: ['wrk', ...args] })
  const report = (await wrk.rest()).join('\n')
  const wrong = /^\s*(?:Socket errors|Non-2xx).*$/m.exec(report)
  if (wrong !== null) throw new Error(`wrk: ${wrong[0].trim()}`)
  const latency = (percent: number): number => {
    const found = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s)$`, 'm').exec(report)
    return Number(found?.[1]) * (UNITS[found?.[2] ?? ''] ?? NaN)
  }
  const units = Number(/^\s*(\d+) requests in /m.exec(report)?.[1])
  const unitsPerSecond = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(report)?.[1])
  const figures = { units, unitsPerSecond, p50Micros: latency(50), p99Micros: latency(99) }
  if (Object.values(figures).some(Number.isNaN)) throw new Error(`wrk said:\n${report}`)
  return figures
}
