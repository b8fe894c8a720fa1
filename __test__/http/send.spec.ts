import '../support/census.js'
import { run } from '../support/child.js'
import { servedNatively } from '../support/platforms.js'

servedNatively('a server can be sent to a child process, which goes on without us', async (t) => {
  const { code, signal, stdout, stderr } = await run('http-send')
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  t.is(stdout, 'from the child\nquiet true\n')
})
