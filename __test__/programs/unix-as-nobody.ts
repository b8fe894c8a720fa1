/**
 * Tries what a user may not who has no access to a directory, the argument, with a listener in it:
 * prints what comes of it.
 */
import { UnixDatagram, UnixListener, UnixStream } from 'mio-js'

const folder = process.argv[2] ?? ''
process.setgroups?.([])
process.setgid?.(65_534)
process.setuid?.(65_534)

const outcomes: unknown[] = []
for (const operation of [
  () => UnixListener.bind(`${folder}/new`),
  () => UnixDatagram.bind(`${folder}/new`),
  () => UnixStream.connect(`${folder}/socket`),
  () => UnixDatagram.unbound().sendTo(Buffer.alloc(1), `${folder}/socket`),
]) {
  try {
    operation()
    outcomes.push({ code: 'no error', address: '' })
  } catch (error) {
    const { code, address } = error as NodeJS.ErrnoException & { address: string }
    outcomes.push({ code, address })
  }
}
console.log(JSON.stringify(outcomes))
