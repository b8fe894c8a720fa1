import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { http as ourHttp, https as ourHttps } from 'mio-js/http'
import type { Address, Context } from './client.ts'

export { close, steps } from './client.ts'

/** `http.request` and `https.request`, in the words of `fetch`. */
export async function open(
  door: string,
  { port, nobody, securePort, ca }: Address,
): Promise<Context> {
  const plain = door === 'register' ? http : ourHttp
  const secure = door === 'register' ? https : ourHttps
  const agents = {
    http: new plain.Agent({ keepAlive: true }),
    https: new secure.Agent({ keepAlive: true, ca }),
  }
  const fetch: Context['fetch'] = async (url, { method = 'GET', body, signal } = {}) => {
    const isSecure = url.startsWith('https:')
    const options = { method, agent: isSecure ? agents.https : agents.http }
    const request = (isSecure ? secure : plain).request(url, {
      ...options,
      ...(signal && { signal }),
    })
    if (body instanceof Uint8Array) request.end(body)
    else if (body === undefined) request.end()
    else Readable.from(body, { objectMode: false }).pipe(request)
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject)
    })
    request.on('error', () => {}) // told by the response
    return {
      status: response.statusCode!,
      body: response,
      text: async () => (await buffer(response)).toString(),
      arrayBuffer: async () => Uint8Array.from(await buffer(response)).buffer,
    }
  }
  return {
    fetch,
    base: `http://127.0.0.1:${port}`,
    nobody,
    secure: `https://localhost:${securePort}`,
    async close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}
