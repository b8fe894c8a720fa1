/** Makes a pipe while one descriptor is left, which takes two, and again when there are more. */
import { closeSync, openSync } from 'node:fs'
import { pipe } from 'mio-js'

const opened: number[] = []
try {
  for (;;) opened.push(openSync('/dev/null', 'r'))
} catch {
  // EMFILE.
}
closeSync(opened.pop()!)
let code: unknown = 'none'
try {
  pipe()
} catch (error) {
  ;({ code } = error as NodeJS.ErrnoException)
}
// What was left still is.
opened.push(openSync('/dev/null', 'r'))
for (const fd of opened) closeSync(fd)
const [sender, receiver] = pipe()
const works = sender.write(Buffer.from('x')) === 1 && receiver.read(Buffer.alloc(8)) === 1
sender.close()
receiver.close()
console.log(code, works)
