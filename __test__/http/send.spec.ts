import '../support/census.js'
import { run } from '../support/child.js'
import { unix } from '../support/platforms.js'

unix('a server can be sent to a child process, which goes on without us', async (t) => {
  const { code, signal, stdout, stderr } = await run('http-send')
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  t.is(stdout, 'from the child\nquiet true\n')
})
