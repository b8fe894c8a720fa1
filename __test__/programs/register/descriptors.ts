/** `new net.Socket({ fd })` of what is a socket, and of what is none. */
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import net from 'node:net'
import { text } from 'node:stream/consumers'

if (process.argv[2] === 'child') {
  // Node makes pipes of a child of Unix sockets.
  const socket = new net.Socket({ fd: 3 })
  socket.setEncoding('utf8')
  socket.on('data', (chunk) => socket.end(`child got ${String(chunk)}`))
} else {
  const [, , fifo] = process.argv
  const writer = spawn('sh', ['-c', `echo through a FIFO > ${fifo}`])
  const reader = new net.Socket({ fd: openSync(fifo!, 'r'), writable: false })
  console.log((await text(reader)).trim(), reader instanceof net.Socket)
  writer.unref()

  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'child'], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const channel = child.stdio[3] as net.Socket
  channel.write('a message')
  console.log(await text(channel))
  try {
    console.log(new net.Socket({ fd: 9_999 }))
  } catch (error) {
    console.log((error as NodeJS.ErrnoException).code)
  }
}
