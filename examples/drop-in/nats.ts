/**
 * NATS, whose client takes no socket from anybody: the preload puts it on ours.
 * `node --import mio-js/register nats.js`; `NATS_URL` says where.
 */
import { connect } from '@nats-io/transport-node'

const {
  username: user,
  password: pass,
  host,
} = new URL(process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222')
const connection = await connect({ servers: host, user, pass })
connection.subscribe('square', {
  callback(_error, message) {
    message.respond(`${Number(message.string()) ** 2}`)
  },
})
const answers = await Promise.all(
  Array.from({ length: 10 }, (_, i) => connection.request('square', `${i}`)),
)
console.log(answers.map((answer) => answer.string()).join(' '))
await connection.drain()
