/**
 * Sends back what it receives, by the descriptors that are its arguments, until the end. Leaves their
 * modes as they are. Without a pipe: prints the code of the error.
 */
import { setImmediate } from 'node:timers/promises'
import { Receiver, Sender } from 'mio-js'

const [input, output] = process.argv.slice(2).map(Number) as [number, number]

async function echo(): Promise<void> {
  using receiver = Receiver.fromRawFd(input)
  using sender = Sender.fromRawFd(output)
  const buffer = Buffer.alloc(64 * 1024)
  for (;;) {
    const count = receiver.read(buffer)
    if (count === 0) return
    const filled = count ?? 0
    for (let sent = 0; sent < filled;) {
      sent += sender.write(buffer, sent, filled - sent) ?? 0
      await setImmediate()
    }
    await setImmediate()
  }
}

try {
  await echo()
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code)
}
