/** Of the programs and libraries that take part. */
import { readFileSync } from 'node:fs'
import { postgresVersion, redisVersion } from './databases.js'
import { wrkVersion } from './wrk.js'

export function versions(): Record<string, string> {
  const found: Record<string, string | null> = {
    wrk: wrkVersion(),
    PostgreSQL: postgresVersion(),
    Redis: redisVersion(),
    ...Object.fromEntries(['fastify', 'ws', 'pg', 'ioredis'].map((name) => [name, library(name)])),
  }
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null),
  )
}

/** Not by `require`: some do not export their `package.json`. */
function library(name: string): string {
  const path = new URL(`../../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
