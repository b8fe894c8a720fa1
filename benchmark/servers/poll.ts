/**
 * An echo server on `Poll`, in one thread.
 *
 * usage: poll.js async|blocking would-block|short-read
 */
import { TcpListener } from 'mio-js'
import { PollEcho } from './poll-echo.js'

const [mode, drained] = process.argv.slice(2)
const echo = new PollEcho(drained === 'short-read')
const listener = TcpListener.bind('127.0.0.1:0')
echo.listen(listener)
console.log(`listening ${listener.localAddr()}`)
if (mode === 'blocking') echo.block()
await echo.serve()
