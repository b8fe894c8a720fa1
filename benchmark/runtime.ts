/** The Node on which servers run: 24, against which the figures of the engine are promised. */
import { versionOf } from './machine.js'

export interface Runtime {
  readonly command: string
  readonly version: string
}

const wanted = 'v24.'

/** NODE24, `node24` on PATH, or this Node if it is one; otherwise this one all the same, and says so. */
export function node24(): Runtime {
  const named = process.env['NODE24']
  if (named !== undefined) {
    const version = versionOf(named, '--version')
    if (version?.startsWith(wanted) === true) return { command: named, version }
    throw new Error(`NODE24=${named} is ${version ?? 'no program'}, not Node 24`)
  }
  const here = { command: process.execPath, version: process.version }
  if (here.version.startsWith(wanted)) return here
  const version = versionOf('node24', '--version')
  if (version?.startsWith(wanted) === true) return { command: 'node24', version }
  console.log(
    `There is no Node 24 here (NODE24=…, or node24 on PATH): all servers run on ${here.version}, and the targets are not meant for it.`,
  )
  return here
}
