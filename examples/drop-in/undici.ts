/** `undici`: a function opens the connections. Its arguments are URLs, of which it tells the sizes. */
import { connect as connectTls } from 'node:tls'
import { connect } from 'mio-js/net'
import { Agent, fetch, type buildConnector } from 'undici'

const connector: buildConnector.connector = (options, callback) => {
  const { hostname, port, protocol, servername } = options
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '') // of IPv6
  const plain = connect({ host, port: Number(port || (isSecure ? 443 : 80)), noDelay: true })
  const names = servername ? { servername } : {}
  const socket = isSecure ? connectTls({ socket: plain, host, ...names }) : plain
  const failed = (error: Error): void => callback(error, null)
  socket.once('error', failed)
  socket.once(isSecure ? 'secureConnect' : 'connect', () => {
    socket.removeListener('error', failed)
    callback(null, socket as never) // it is as good as one of node:net
  })
}

// `setGlobalDispatcher(dispatcher)` makes it the way of every `fetch`, that of Node as well.
const dispatcher = new Agent({ connect: connector })
for (const url of process.argv.slice(2)) {
  const response = await fetch(url, { dispatcher })
  const { byteLength } = await response.arrayBuffer()
  console.log(`${response.status} ${byteLength}`)
}
await dispatcher.close()
