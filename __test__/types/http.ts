/** What of `mio-js/http` must and must not compile. Checked by the build; never run. */
import type coreHttp from 'node:http'
import type { Engine } from 'mio-js/engine'
import type all from 'mio-js/http'
import {
  Agent,
  IncomingMessage,
  ServerResponse,
  createServer,
  get,
  http,
  http2,
  https,
} from 'mio-js/http'

class Response extends ServerResponse<Request> {
  readonly isOwn = true
}

class Request extends IncomingMessage {
  readonly isAsked = true
}

export function compiles(engine: Engine, message: IncomingMessage): void {
  // What was written for core, with core's types.
  const server: coreHttp.Server = createServer((request, response) => response.end(request.url))
  const same: http.Server = new http.Server({ native: true, engine, keepAliveTimeout: 5 })
  const called: all.Server = http.Server({ native: true })
  const agent: coreHttp.Agent = new Agent({ keepAlive: true })
  const secure: https.Server = https.createServer({ cert: '', key: '', native: true })
  const session: http2.ClientHttp2Session = http2.connect('http://localhost')
  http2.createSecureServer({ native: true }, (_request, response) => response.end())
  http2.createServer({ native: true, engine }).on('stream', (stream) => stream.respond())
  get('http://localhost', { agent }, (response: coreHttp.IncomingMessage) => response.resume())
  https.get(new URL('https://localhost'), { agent: https.globalAgent, ca: '' })
  createServer({ IncomingMessage: Request, ServerResponse: Response }, (request, response) => {
    response.end(String(request.isAsked && response.isOwn))
  })
  const { headers }: coreHttp.IncomingMessage = message
  void [server, same, called, secure, session, headers]
}

export function doesNotCompile(): void {
  // @ts-expect-error true or false
  createServer({ native: 'yes' })
  // @ts-expect-error an option of TLS
  createServer({ cert: '' })
}
