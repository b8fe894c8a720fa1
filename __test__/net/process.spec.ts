/** What sockets do to a whole process: the same as those of Node. */
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { type Outcome, run } from '../support/child.js'
import { type Run, linux, unix } from '../support/platforms.js'
import { comparable, isReference, ofNode } from '../support/reference.js'

/** Runs a case of the program with each module, and compares all that can be seen of the process. */
async function compare(t: ExecutionContext, args: string[], options: string[] = []): Promise<void> {
  // Warnings begin with the number of the process.
  const seen = async (module: string): Promise<Outcome> => {
    const { stderr, ...rest } = await run('net-process', [module, ...args], options)
    return { ...rest, stderr: stderr.replaceAll(/node:\d+/g, 'node') }
  }
  const [expected, actual] = await Promise.all([
    ofNode(t, async () => seen('node:net')),
    seen('mio-js/net'),
  ])
  // Of its options Node alone warns.
  const warned = /^\((?:node|Use).*\n/gm
  const stderr = isReference ? expected.stderr : expected.stderr.replaceAll(warned, '')
  t.deepEqual(comparable(actual), { ...expected, stderr })
  t.is(expected.signal, null)
}

function same(title: string, args: string[], declare: Run = test, options: string[] = []): void {
  declare(title, async (t) => compare(t, args, options))
}

for (const event of [
  'listening',
  'connection',
  'connect',
  'data',
  'write',
  'end',
  'finish',
  'close',
  'timeout',
]) {
  same(`a process that exits in ${event} has exited`, ['exit', event])
}

same('what a listener of data throws is told, and other sockets go on', ['thrown', 'data'])

same('a process whose sockets are all let go ends', ['held', 'both'])
same('a socket that was let go before it was connected, and held then, holds', ['held', 'early'])
same('a server that was let go does not hold, and its sockets do', ['held', 'server'])
same('every listener runs in the context that it has with Node', ['context'])
same('children get none of the sockets', ['inherited'], linux)
same('writing to who has gone is an error and no signal', ['written'], unix)
same('signals by the hundred disturb nothing', ['signals'], unix)

for (const option of [
  '--frozen-intrinsics',
  '--disable-proto=delete',
  '--jitless',
  '--zero-fill-buffers',
]) {
  same(`with ${option} bytes go around`, ['thrown', 'none'], test, [option])
}
