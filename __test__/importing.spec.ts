import './support/census.js'
import { run } from './support/child.js'
import { where } from './support/platforms.js'
import { isNode } from './support/runtime.js'

const ofNode = where(isNode, 'other runtimes start threads and open files when they like')

ofNode(
  'importing opens nothing, starts no thread, catches no signal and patches nothing',
  async (t) => {
    const { code, stdout, stderr } = await run('importing')
    t.is(code, 0, stderr)
    t.deepEqual(JSON.parse(stdout), { different: [], patched: [] })
  },
)
