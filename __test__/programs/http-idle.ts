/** A client whose connection stays open for later requests, which must not keep the process alive. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { http, https } from 'mio-js/http'

const [, , protocol, port, ca] = process.argv
const options = { port, host: '127.0.0.1' }
const request =
  protocol === 'http'
    ? http.get({ ...options, agent: new http.Agent({ keepAlive: true }) })
    : https.get({
        ...options,
        ca: readFileSync(ca!),
        agent: new https.Agent({ keepAlive: true }),
      })
const [response] = (await once(request, 'response')) as [IncomingMessage]
console.log(await text(response))
