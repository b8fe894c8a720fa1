/**
 * What the engine costs, against `node:net` on the same Node: all that it promises, one workload
 * after the other. How it is measured says `suite/suite.ts`.
 *
 * usage: engine.js [--only echo,ping-pong,…] [--repeats 5] [--seconds 1] [--save]
 *                  [--quick] [--control]
 */
import { workloads } from './engine/workloads.js'
import { runSuite } from './suite/suite.js'

await runSuite({
  name: 'engine',
  workloads: (node, quick) => workloads(node, quick ? 500 : 10_000),
})
