/**
 * What a program on `node:net` costs when it imports `mio-js/net` instead, on the same Node. How it is
 * measured says `suite/suite.ts`.
 *
 * usage: net.js [--only echo,ping-pong,…] [--repeats 5] [--seconds 1] [--save] [--quick] [--control]
 */
import { workloads } from './net/workloads.js'
import { runSuite } from './suite/suite.js'

await runSuite({
  name: 'net',
  workloads: (node, quick) => workloads(node, quick ? 500 : 10_000),
})
