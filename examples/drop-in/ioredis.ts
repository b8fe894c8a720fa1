/** `ioredis`: a connector opens the connections. `HOST` and `PORT` say where. */
import { AbstractConnector, Redis } from 'ioredis'
import { connect } from 'mio-js/net'

class Connector extends AbstractConnector {
  readonly #place: { host: string; port: number }

  /** It is told of all options of the client. */
  constructor(options: unknown) {
    super(2_000) // ms that a connection may take to end
    this.#place = options as { host: string; port: number }
  }

  // oxlint-disable-next-line require-await: the library waits for it
  override async connect(): Promise<AbstractConnector['stream']> {
    this.connecting = true
    this.stream = connect(this.#place.port, this.#place.host)
    return this.stream
  }
}

const { HOST: host = '127.0.0.1', PORT: port = '6379' } = process.env
const redis = new Redis({ host, port: Number(port), Connector })

await redis.del('visits')
const visits = await Promise.all(Array.from({ length: 5 }, () => redis.incr('visits')))
console.log(visits.join(' '))
await redis.quit()
