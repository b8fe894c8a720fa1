/** What a program meets in networks that lack something, by each door. */
import './support/census.js'
import { inOwnNetwork } from './support/network.js'
import { isNode } from './support/runtime.js'

interface Few {
  rounds: string[][]
  itself: string[]
}

inOwnNetwork(
  'where there are four ports to connect from, the fifth is told, and ports come back',
  ['echo 40000 40003 >/proc/sys/net/ipv4/ip_local_port_range'],
  async (t, inside) => {
    const core = (await inside('connects', ['core', 'ports'])) as Few
    for (const door of ['mirror', 'engine', 'net']) {
      const { rounds, itself } = (await inside('connects', [door, 'ports'])) as Few
      for (const outcomes of rounds) {
        t.is(outcomes.filter((outcome) => outcome === 'connected').length, 4, door)
        t.is(outcomes.filter((outcome) => outcome === 'EADDRNOTAVAIL').length, 6, door)
      }
      if (isNode) t.deepEqual(rounds, core.rounds, door)
      // Node's own sockets are connected to themselves by then.
      t.deepEqual(itself, ['ECONNREFUSED'], door)
    }
  },
)

inOwnNetwork('where no route leads out a connect is told that', [], async (t, inside) => {
  for (const door of ['mirror', 'engine', 'net', ...(isNode ? ['core'] : [])]) {
    t.is(await inside('connects', [door, 'route']), 'ENETUNREACH', door)
  }
})

inOwnNetwork(
  'where IPv6 is off its addresses are what they are with Node, which is an error',
  ['echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'],
  async (t, inside) => {
    const { mirror, engine, net, core, http, coreHttp } = (await inside('no-ipv6')) as Record<
      string,
      Record<string, unknown>[]
    >
    if (isNode) t.deepEqual([net, http], [core, coreHttp])
    t.deepEqual(engine, net)
    t.deepEqual(mirror, [net?.[0], net?.[2]])
    t.is(net?.[0]?.['code'], 'EADDRNOTAVAIL')
  },
)
