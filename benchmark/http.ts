/**
 * What programs on `node:http`, and clients of databases, cost on the drop-in, on the same Node. How it
 * is measured says `suite/suite.ts`.
 *
 * usage: http.js [--only hello,fastify,…] [--repeats 5] [--seconds 1] [--save] [--quick] [--control]
 */
import { versions } from './http/versions.js'
import { workloads } from './http/workloads.js'
import { runSuite } from './suite/suite.js'

await runSuite({ name: 'http', workloads, versions: versions() })
