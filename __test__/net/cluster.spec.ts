/** Workers of a cluster that want one port: nobody waits for ever, and nobody takes it silently. */
import test from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { type Run, linux, served, where } from '../support/platforms.js'

async function outcomes(module: string, how: string): Promise<unknown> {
  const { code, signal, stdout, stderr } = await run('net-cluster', [module, how])
  if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`)
  return JSON.parse(stdout) as unknown
}

for (const module of ['mio-js/net', 'mio-js/http']) {
  const declare: Run = module === 'mio-js/http' ? served : where(true, '')
  declare(
    `a server of ${module} in a worker of a cluster says that it cannot share a port`,
    async (t) => {
      const refused = ['ERR_CLUSTER_SHARING', 'ERR_CLUSTER_SHARING']
      t.deepEqual(await outcomes(module, 'plain'), refused)
    },
  )
}

test('a port of one worker of a cluster is in use for the other', async (t) => {
  t.deepEqual(await outcomes('mio-js/net', 'exclusive'), ['listens', 'EADDRINUSE'])
})

linux('a port with reusePort is shared by the workers of a cluster', async (t) => {
  t.deepEqual(await outcomes('mio-js/net', 'reusePort'), ['listens', 'listens'])
})
