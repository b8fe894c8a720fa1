import { run } from './run.js'

/** The name of a runtime with its version, which it prints when it is asked for that. */
export function versionOf(
  name: string,
  [program, ...args]: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv = {},
): string {
  const printed = run(program, [...args, '--version'], { env: { ...process.env, ...environment } })
  return `${name} ${/\d+\.\d+\.\d+/.exec(printed)?.[0] ?? 'of no version'}`
}
