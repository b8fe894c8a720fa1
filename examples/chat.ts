/**
 * A chat over TCP: what one guest says, all others hear, by one broadcast whatever their number. The
 * first line of a guest is the name. `nc 127.0.0.1 7000` is a client.
 *
 * Listens on HOST:PORT, by default 127.0.0.1:7000. SIGINT and SIGTERM end it.
 */
import process from 'node:process'
import { StringDecoder } from 'node:string_decoder'
import { type Socket, listen } from 'mio-js/engine'

const { HOST = '127.0.0.1', PORT = '7000' } = process.env
const MAX_LINE = 4096
/**
 * A guest that does not read is left out from so many bytes on, and closed if it goes on so. What is
 * known of it is up to 50 ms old, so this is more than guests get in that time.
 */
const MAX_WAITING = 256 * 1024
const TOO_LATE = 100

class Guest {
  readonly decoder = new StringDecoder('utf8')
  name = ''
  line = ''
  /** Lines in a row that it was left out of. */
  missed = 0
}

type Member = Socket<Guest>

/** To all that have a name but one, if they read. */
function tell(text: string, except: Member): void {
  server.broadcast<Guest>(`${text}\n`, (member) => {
    const { data: guest } = member
    if (member === except || guest.name === '') return false
    const isReading = member.bufferedAmount < MAX_WAITING
    guest.missed = isReading ? 0 : guest.missed + 1
    if (guest.missed > TOO_LATE) member.terminate()
    return isReading
  })
}

function say(member: Member, line: string): void {
  const { data: guest } = member
  if (guest.name !== '') {
    tell(`${guest.name}: ${line}`, member)
    return
  }
  guest.name = line.trim().slice(0, 32)
  if (guest.name === '') member.write('Who are you?\n')
  else tell(`* ${guest.name} is here`, member)
}

const server = listen<Guest>({
  hostname: HOST,
  port: Number(PORT),
  // People think before they speak; who has gone without a word is found by the system.
  idleTimeout: 0,
  keepAlive: { delay: 30_000 },
  data: () => new Guest(),
  socket: {
    open(member) {
      member.write('Your name?\n')
    },
    data(member, chunk) {
      const { data: guest } = member
      const lines = (guest.line + guest.decoder.write(chunk)).split(/\r?\n/)
      guest.line = lines.pop() ?? ''
      for (const line of lines) say(member, line)
      if (guest.line.length > MAX_LINE) member.terminate()
    },
    close(member) {
      if (member.data.name !== '') tell(`* ${member.data.name} has left`, member)
    },
  },
})
console.log(`listening on ${server.hostname}:${server.port}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.closeNow()
  })
}
